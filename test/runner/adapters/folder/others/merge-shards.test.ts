import { appendFile, cp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folderBlobs } from '../../../../../runner/adapters/folder/blobs.ts'
import { openFolder } from '../../../../../runner/adapters/folder/folder.ts'
import { writeManifest } from '../../../../../runner/adapters/folder/others/manifest.ts'
import type { Plan } from '../../../../../runner/domain/plan.ts'
import { inShard } from '../../../../../runner/lib/shard.ts'
import { digestOf, fakePlan } from '../../../../fakes/plans.ts'
import type { Story } from '../../../../fakes/results.ts'
import { outputFolders, testVersion } from '../../../../support/output-folders.ts'
import { merge, reportOf, type Tell, work } from '../../../../support/shards.ts'

let folders: Awaited<ReturnType<typeof outputFolders>>
beforeAll(async () => {
  folders = await outputFolders()
})
afterAll(() => folders[Symbol.asyncDispose]())

const told = { runId: 4711, attempt: 1 }

/** One folder a shard, as its job leaves it behind. */
async function shardsOf(plan: Plan, of: number, tell: Tell): Promise<Map<string, string>> {
  const made = new Map<string, string>()
  for (let index = 1; index <= of; index++) {
    const out = folders.fresh()
    await work(out, plan, { tell, shard: { index, of } })
    await writeManifest(out, { plan: plan.id, ...told, shard: { index, of } })
    made.set(`shard-${index}`, out)
  }
  return made
}

describe('shards that are whole', () => {
  test.each(Array.from({ length: 8 }, (_, seed) => seed))(
    'give the report of one that ran everything, whatever it was: %i',
    async (seed) => {
      const random = numbers(seed)
      const samples = 1 + (random() % 9)
      const made = fakePlan({
        samples,
        epochs: 1 + (random() % 3),
        evals: ['parser', 'writer'].slice(random() % 2),
        base: random() % 2 === 1,
        gate: { noRegressions: random() % 2 === 1, minPassRate: (random() % 11) / 10 },
        name: `random ${seed}`,
      })
      const of = 1 + (random() % 5)
      const ids = [...new Set(made.batches.flatMap(({ runs }) => runs.map(({ sample }) => sample.id)))]
      const balanced = Array.from({ length: of }, (_, at) => ids.filter((_, row) => row % (of + 1) === at))
      const plan = random() % 2 === 1 ? { ...made, shards: balanced } : made
      const stories: readonly Story[] = [
        'pass',
        'tests-fail',
        'pass',
        'exception',
        'sandbox-lost',
        'judge-broken',
        'time-limit',
        'setup-failed',
      ]
      const salt = random()
      const tell: Tell = ({ id }) =>
        stories[numbers(salt + [...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7))() % 8] ?? 'pass'

      const whole = folders.fresh()
      await work(whole, plan, { tell })
      const out = folders.fresh()
      const parts = await shardsOf(plan, of, tell)
      const merged = await merge(out, { plan, folders: parts, expected: { ...told, of } })
      expect(merged).toEqual({ missing: [], problems: [] })
      const report = await reportOf(out, plan)
      expect(report).toEqual(await reportOf(whole, plan))
      expect(report.state).toBe('complete')
      for (const { trajectory, diff } of report.batches.flatMap(({ runs }) => runs))
        for (const path of [trajectory, ...(diff ? [diff.path] : [])])
          expect(await readFile(join(out, path), 'utf8')).toBe(await readFile(join(whole, path), 'utf8'))
    },
  )

  test('a shard without a sample is no problem', async () => {
    const plan = fakePlan({ samples: 1, name: 'few' })
    const out = folders.fresh()
    const parts = await shardsOf(plan, 4, () => 'pass')
    expect(await merge(out, { plan, folders: parts, expected: { ...told, of: 4 } })).toEqual({ missing: [], problems: [] })
    expect(await reportOf(out, plan)).toMatchObject({ conclusion: 'success', state: 'complete' })
  })
})

const of = 4
const shards = [0, 1, 2, 3].map(
  (at) =>
    fakePlan({ samples: 8 })
      .batches[0]?.runs.slice(2 * at, 2 * at + 2)
      .map(({ sample }) => sample.id) ?? [],
)
const plan: Plan = { ...fakePlan({ samples: 8, name: 'sharded', gate: { minPassRate: 0.1 } }), shards }
const runsOf = (index: number) => plan.batches.flatMap(({ runs }) => runs.filter(inShard({ index, of }, shards)).map(({ id }) => id))

describe('a shard that is not what it should be', () => {
  let whole: ReadonlyMap<string, string>
  beforeAll(async () => {
    whole = await shardsOf(plan, of, () => 'pass')
  })
  /** The folders of all shards; the third is a copy that may be damaged. */
  async function withThird(): Promise<{ all: Map<string, string>; third: string }> {
    const third = folders.fresh()
    await cp(whole.get('shard-3') ?? '', third, { recursive: true })
    return { all: new Map([...whole, ['shard-3', third]]), third }
  }
  const manifest = (change: (told: Record<string, unknown>) => unknown) => async (folder: string) =>
    writeFile(join(folder, 'shard.json'), JSON.stringify(change(JSON.parse(await readFile(join(folder, 'shard.json'), 'utf8')))))
  /** As if the job itself had written these results. */
  const results = (change: (lines: readonly string[]) => readonly string[]) => async (folder: string) => {
    const path = join(folder, 'results.jsonl')
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    await writeFile(
      path,
      change(lines)
        .map((line) => `${line}\n`)
        .join(''),
    )
    await writeManifest(folder, { plan: plan.id, ...told, shard: { index: 3, of } })
  }
  const first = (change: (line: Record<string, unknown>) => unknown) =>
    results(([line = '', ...lines]) => [JSON.stringify(change(JSON.parse(line))), ...lines])
  const log = (folder: string) => join(folder, 'results.jsonl')
  const lastBytes = async (folder: string, bytes: number) => truncate(log(folder), (await stat(log(folder))).size - bytes)
  const anyBlob = async (folder: string) => {
    const [line = ''] = (await readFile(log(folder), 'utf8')).split('\n')
    return folderBlobs(folder).path(JSON.parse(line).record.outputs[0])
  }

  test.each<[string, (third: string) => Promise<unknown>, RegExp]>([
    ['of another plan', manifest((it) => ({ ...it, plan: digestOf('another') })), /belongs to the plan sha256:\w+, and this one is sha256/],
    ['of another workflow run', manifest((it) => ({ ...it, runId: 4712 })), /comes from the workflow run 4712, and this one is 4711/],
    ['of a later attempt', manifest((it) => ({ ...it, attempt: 2 })), /comes from attempt 2, and this one is attempt 1/],
    ['of another number of shards', manifest((it) => ({ ...it, shard: { index: 3, of: 5 } })), /it is shard 3 of 5, and there are 4/],
    ['beyond the last', manifest((it) => ({ ...it, shard: { index: 5, of: 4 } })), /it is shard 5 of 4/],
    [
      'that says it is another',
      manifest((it) => ({ ...it, shard: { index: 2, of } })),
      /shard 2 came twice, and not with the same results/,
    ],
    ['with a number that is none', manifest((it) => ({ ...it, runId: '4711' })), /shard.json is not as it is written: runId/],
    ['with words of its own', manifest((it) => ({ ...it, trusted: true })), /shard.json is not as it is written/],
    ['of another release', manifest((it) => ({ ...it, schema: 'proctor/shard@2' })), /shard.json is not as it is written: schema/],
    ['with half a manifest', (third) => truncate(join(third, 'shard.json'), 20), /shard.json is not JSON/],
    ['without a manifest', (third) => rm(join(third, 'shard.json')), /shard.json cannot be read/],
    ['that is empty', (third) => rm(third, { recursive: true }), /shard.json cannot be read/],
    ['that ends in the middle of a line', (third) => lastBytes(third, 10), /10 of the \d+ bytes of its results are missing/],
    ['that lacks its last result', async (third) => dropLast(log(third)), /\d+ of the \d+ bytes of its results are missing/],
    ['without results', (third) => rm(log(third)), /(\d+) of the \1 bytes of its results are missing/],
    ['whose results were added to', (third) => appendFile(log(third), '{}\n'), /its results are not those that it wrote/],
    ['whose results were changed', (third) => changeByte(log(third)), /its results are not those that it wrote/],
    [
      'with a result of the next',
      (third) => results(() => [])(third).then(() => withResultOf('shard-4', third)),
      /belongs to another shard/,
    ],
    ['with a run of another plan', first((line) => ({ ...line, run: 'else' })), /the plan has no run "else"/],
    ['with an attempt that is none', first((line) => ({ ...line, attempt: 2 })), /says that it is attempt 2/],
    ['with other inputs', first((line) => withKeys(line, { run: digestOf('other inputs') })), /other keys than the plan/],
    ['with another judge', first((line) => withKeys(line, { grade: digestOf('another judge') })), /other keys than the plan/],
    [
      'with keys that its records do not have',
      first((line) => ({ ...line, keys: { run: digestOf('a'), grade: digestOf('b') } })),
      /line 1 .* other keys than its record/,
    ],
    ['with a damaged result', results(([, ...lines]) => ['{"run":', ...lines]), /line 1 of results.jsonl is not JSON/],
    ['with a result in half', first(({ grade: _, ...line }) => line), /line 1 of results.jsonl is not as it is written: grade/],
    ['with a missing file', async (third) => rm(await anyBlob(third)), /the blob of "notes\/summary.md" is not at/],
    ['with a damaged file', async (third) => changeByte(await anyBlob(third)), /does not hash to its name/],
    ['with a short file', async (third) => truncate(await anyBlob(third), 4), /has 4 bytes, not/],
  ])('%s is refused by its name, and what it owes is missing', async (_, damage, why) => {
    const { all, third } = await withThird()
    await damage(third)
    const out = folders.fresh()
    const { missing, problems } = await merge(out, { plan, folders: all, expected: { ...told, of } })
    expect(missing).toContain(3)
    expect(problems.map(({ code }) => code)).toEqual(problems.map(() => 'shard_refused'))
    expect(problems.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(new RegExp(`^shard-3 is not used: .*${why.source}`)),
    )
    const report = await reportOf(out, plan)
    expect(report).toMatchObject({ state: 'incomplete', conclusion: 'neutral', missing: missing.flatMap(runsOf) })
    expect(report.batches[0]?.runs.map(({ id }) => id)).toEqual([1, 2, 3, 4].filter((index) => !missing.includes(index)).flatMap(runsOf))
  })

  test.each(all4subsets())('without %j the rest counts, the report is neutral, and the samples are named', async (lost) => {
    const out = folders.fresh()
    const left = new Map([...whole].filter(([name]) => !lost.includes(Number(name.slice(-1)))))
    const { missing, problems } = await merge(out, { plan, folders: left, expected: { ...told, of } })
    expect({ missing, problems }).toEqual({ missing: lost, problems: [] })
    expect(await reportOf(out, plan)).toMatchObject({
      state: 'incomplete',
      conclusion: 'neutral',
      missing: lost.flatMap(runsOf),
      totals: { pass: 8 - 2 * lost.length, fail: 0 },
      batches: [{ conclusion: 'neutral' }],
    })
  })

  test('what is no fault of the shards is thrown', async () => {
    const out = folders.fresh()
    await using folder = await openFolder({ out, version: testVersion })
    await folder.records.begin(plan)
    await rm(join(out, 'blobs'), { recursive: true, force: true })
    await writeFile(join(out, 'blobs'), 'a file in its place')
    const { mergeShards } = await import('../../../../../runner/adapters/folder/others/merge-shards.ts')
    await expect(mergeShards(folder, plan, whole, { ...told, of })).rejects.toMatchObject({ code: 'records_unwritable' })
  })

  test('the same one twice is kept once, and named', async () => {
    const { all, third } = await withThird()
    all.set('shard-3', whole.get('shard-3') ?? '')
    all.set('shard-3-again', third)
    const out = folders.fresh()
    const { missing, problems } = await merge(out, { plan, folders: all, expected: { ...told, of } })
    expect(missing).toEqual([])
    expect(problems.map(({ message }) => message)).toEqual(['shard-3-again is not used: shard 3 came twice'])
    expect(await reportOf(out, plan)).toMatchObject({ state: 'complete', conclusion: 'success', totals: { runs: 8 } })
  })

  test('two that say different things are both refused', async () => {
    const { all, third } = await withThird()
    await results((lines) => lines.slice(1))(third)
    all.set('shard-3', whole.get('shard-3') ?? '')
    all.set('shard-3-again', third)
    const out = folders.fresh()
    const { missing, problems } = await merge(out, { plan, folders: all, expected: { ...told, of } })
    expect(missing).toEqual([3])
    expect(problems.map(({ message }) => message)).toEqual(
      ['shard-3', 'shard-3-again'].map((name) => `${name} is not used: shard 3 came twice, and not with the same results`),
    )
    expect(await reportOf(out, plan)).toMatchObject({ conclusion: 'neutral', missing: runsOf(3) })
  })

  test('a stranger beside those of the plan is named, and changes nothing', async () => {
    const other = fakePlan({ samples: 8, name: 'other' })
    const [stranger = ''] = [...(await shardsOf(other, 1, () => 'tests-fail')).values()]
    const out = folders.fresh()
    const { missing, problems } = await merge(out, {
      plan,
      folders: new Map([['stranger', stranger], ...whole]),
      expected: { ...told, of },
    })
    expect(missing).toEqual([])
    expect(problems).toMatchObject([
      { code: 'shard_refused', message: expect.stringContaining('stranger is not used: it belongs to the plan') },
    ])
    expect(await reportOf(out, plan)).toMatchObject({ conclusion: 'success', totals: { pass: 8, fail: 0 } })
  })

  test('when failed jobs were run again, what the others found before stays, and the latest attempt counts', async () => {
    const all = new Map(whole)
    const again = folders.fresh()
    await work(again, plan, { tell: () => 'tests-fail', shard: { index: 3, of } })
    await writeManifest(again, { plan: plan.id, runId: told.runId, attempt: 3, shard: { index: 3, of } })
    all.set('shard-3-again', again)
    const out = folders.fresh()
    expect(await merge(out, { plan, folders: all, expected: { ...told, attempt: 3, of } })).toEqual({ missing: [], problems: [] })
    const report = await reportOf(out, plan)
    expect(report.totals).toMatchObject({ pass: 6, fail: 2 })
    expect(report.batches[0]?.runs.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)).toEqual(runsOf(3))
  })

  async function withResultOf(name: string, folder: string) {
    await cp(join(whole.get(name) ?? '', 'blobs'), join(folder, 'blobs'), { recursive: true })
    const [line = ''] = (await readFile(log(whole.get(name) ?? ''), 'utf8')).split('\n')
    await results(() => [line])(folder)
  }
})

test('a gate that fails is a failure, with a missing shard too', async () => {
  const strict = { ...plan, batches: plan.batches.map((batch) => ({ ...batch, gate: { ...batch.gate, minPassRate: 0.9 } })) }
  const parts = await shardsOf(strict, of, () => 'tests-fail')
  parts.delete('shard-2')
  const out = folders.fresh()
  expect(await merge(out, { plan: strict, folders: parts, expected: { ...told, of } })).toMatchObject({ missing: [2] })
  expect(await reportOf(out, strict)).toMatchObject({ state: 'incomplete', conclusion: 'failure', missing: runsOf(2) })
})

function withKeys(line: Record<string, unknown>, change: { readonly run?: string; readonly grade?: string }): unknown {
  const { record, grade, keys: before } = line as { record: object; grade: object; keys: { run: string; grade: string } } // our own line
  const keys = { ...before, ...change }
  return { ...line, keys, record: { ...record, key: keys.run }, grade: { ...grade, key: keys.grade } }
}
async function dropLast(path: string) {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  await writeFile(path, `${lines.slice(0, -1).join('\n')}\n`)
}
async function changeByte(path: string) {
  const bytes = await readFile(path)
  bytes[9] = (bytes[9] ?? 0) ^ 1
  await rm(path)
  await writeFile(path, bytes)
}
/** All sets of shards that may be lost, but for none. */
function all4subsets(): number[][][] {
  return Array.from({ length: 15 }, (_, bits) => [[1, 2, 3, 4].filter((index) => ((bits + 1) >> (index - 1)) & 1)])
}
/** Numbers that look random, and are the same each time. */
function numbers(seed: number): () => number {
  let state = (Math.imul(seed, 2_654_435_761) + 1) >>> 0
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return (state ^ (state >>> 13)) >>> 0
  }
}
