import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFolder } from '../../../../runner/adapters/folder/folder.ts'
import { packPlan, unpackPlan } from '../../../../runner/adapters/folder/pack.ts'
import { buildReport } from '../../../../runner/report/build-report.ts'
import { blobsContract } from '../../../contract/blobs.ts'
import { type RecordsUnderTest, recordsContract } from '../../../contract/records.ts'
import { fakePlan } from '../../../fakes/plans.ts'
import { fakeResult } from '../../../fakes/results.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'proctor-folder-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))
let count = 0
const fresh = () => join(root, `out-${count++}`)
const version = '0.0.0-test'

describe('blobs of a folder', () => {
  blobsContract(async () => {
    const folder = await openFolder({ out: fresh(), version })
    return {
      blobs: folder.blobs,
      async damage(ref) {
        await using file = await open(folder.blobs.path(ref), 'r+')
        await file.write(Buffer.from('!'), 0, 1, Math.floor(ref.bytes / 2))
      },
      forget: (ref) => rm(folder.blobs.path(ref)),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    }
  })
})

test('a blob that is put again is young again, so that nobody removes it as old', async () => {
  await using folder = await openFolder({ out: fresh(), version })
  const path = folder.blobs.path(await folder.blobs.put(bytes('agent code'), 'agent.tar'))
  const longAgo = new Date('2026-01-01T00:00:00Z')
  await utimes(path, longAgo, longAgo)
  await folder.blobs.put(bytes('agent code'), 'agent.tar')
  expect((await stat(path)).mtime.getTime()).toBeGreaterThan(longAgo.getTime())
})

describe('records of a folder', () => {
  const under = async (out: string): Promise<RecordsUnderTest> => {
    const folder = await openFolder({ out, version })
    const reopen = async () => {
      await folder[Symbol.asyncDispose]()
      return under(out)
    }
    return { records: folder.records, blobs: folder.blobs, reopen, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
  }
  recordsContract(() => under(fresh()))

  test('a torn last line is not a result, and is cut before the next one', async () => {
    const out = fresh()
    const plan = fakePlan({ samples: 2 })
    const [first, second] = plan.batches[0]?.runs ?? []
    if (!first || !second) throw new Error('two runs')
    {
      await using folder = await openFolder({ out, version })
      await folder.records.begin(plan)
      await folder.records.keep(plan.id, await fakeResult(first, folder.blobs))
    }
    const whole = await readFile(join(out, 'results.jsonl'), 'utf8')
    await appendFile(join(out, 'results.jsonl'), whole.slice(0, 300))
    {
      await using folder = await openFolder({ out, version })
      expect(await folder.records.results((await folder.storedPlan()).id)).toHaveLength(1)
      await folder.records.begin(plan)
      await folder.records.keep(plan.id, await fakeResult(second, folder.blobs))
    }
    const lines = (await readFile(join(out, 'results.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).run)).toEqual([first.id, second.id])
  })

  test('a damaged line in the middle is named, not skipped', async () => {
    const out = fresh()
    const plan = fakePlan({ samples: 1 })
    {
      await using folder = await openFolder({ out, version })
      await folder.records.begin(plan)
    }
    await writeFile(join(out, 'results.jsonl'), '{"run":\n{}\n')
    await using folder = await openFolder({ out, version })
    await expect(folder.records.begin(plan)).rejects.toMatchObject({ code: 'records_damaged', message: expect.stringContaining('line 1') })
  })

  test('a full disk ends in a named error, and what was half-written is taken back', async () => {
    const out = fresh()
    // A limit on the size of a file stands for the full disk: the write that crosses it is cut short, the next one is refused.
    using other = neighbour(out, 'work', "trap '' XFSZ; ulimit -f 512;")
    expect(await other.says()).toBe('working')
    expect(await other.says()).toMatch(/records_unwritable: .*results\.jsonl cannot be written/)
    const text = await readFile(join(out, 'results.jsonl'), 'utf8')
    expect(text.endsWith('}\n')).toBe(true)
    for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line).grade.verdict).toBe('pass')
  })

  test('a place that cannot be written ends in a named error', async () => {
    const file = join(root, 'a-file')
    await writeFile(file, '')
    await expect(openFolder({ out: join(file, 'out'), version })).rejects.toMatchObject({ code: 'records_unwritable' })
  })

  test('a kept run has its files, outputs under harmless names, as links to the blobs', async () => {
    const out = fresh()
    const plan = fakePlan({ samples: 1 })
    const [run] = plan.batches[0]?.runs ?? []
    if (!run) throw new Error('one run')
    await using folder = await openFolder({ out, version })
    await folder.records.begin(plan)
    const result = await fakeResult(run, folder.blobs)
    const [note] = result.record.outputs
    if (!note) throw new Error('one output')
    const outputs = ['../../../escape', '/etc/passwd', 'a', 'a/b', '..', `x\u202e\n${'y'.repeat(400)}`].map((name) => ({ ...note, name }))
    await folder.records.keep(plan.id, { ...result, record: { ...result.record, outputs } })
    const names = (await readdir(join(out, 'runs', run.id), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(names).toHaveLength(8)
    expect(await readdir(root)).not.toContain('escape')
    const report = buildReport(plan, await folder.records.results(plan.id), { version, now: new Date() })
    for (const { path } of report.batches[0]?.runs[0]?.outputs ?? []) expect(await readFile(join(out, path), 'utf8')).toContain('# Notes')
    expect((await stat(join(out, 'runs', run.id, 'diff.patch'))).nlink).toBeGreaterThan(1)
  })

  test('overwrite replaces another plan, and leaves nothing of it', async () => {
    const out = fresh()
    const old = fakePlan({ name: 'old' })
    {
      await using folder = await openFolder({ out, version })
      await folder.records.begin(old)
      for (const run of old.batches[0]?.runs ?? []) await folder.records.keep(old.id, await fakeResult(run, folder.blobs))
      await folder.publisher.publish(buildReport(old, await folder.records.results(old.id), { version, now: new Date() }))
    }
    const plan = fakePlan({ name: 'new' })
    await using folder = await openFolder({ out, version, overwrite: true })
    await folder.records.begin(plan)
    expect(await folder.records.results(plan.id)).toEqual([])
    expect(await readdir(out)).toEqual(['blobs', 'lock', 'plan.json', 'results.jsonl'])
  })

  test("other people's folders are left alone", async () => {
    const out = fresh()
    await mkdir(out)
    await writeFile(join(out, 'thesis.docx'), 'years of work')
    await expect(openFolder({ out, version })).rejects.toMatchObject({
      code: 'usage_invalid',
      message: expect.stringContaining('thesis.docx'),
    })
    expect(await readdir(out)).toEqual(['thesis.docx'])
  })

  test('a folder that no plan came to is not left behind', async () => {
    const out = join(fresh(), 'deep', 'er')
    {
      await using folder = await openFolder({ out, version })
      await folder.blobs.put(bytes('agent code'), 'agent.tar')
    }
    await expect(stat(join(out, '..', '..'))).rejects.toThrow('ENOENT')
  })
})

describe('plan.json', () => {
  test('round-trips, with shared parts written once and shared again', () => {
    const plan = fakePlan({ samples: 1000, evals: ['parser', 'writer'] })
    const text = [...packPlan(plan)].join('')
    const back = unpackPlan(text)
    expect(back).toEqual(plan)
    const runs = back.batches.flatMap((batch) => batch.runs)
    expect(new Set(runs.map(({ agent }) => agent)).size).toBe(1)
    expect(new Set(runs.map(({ sample }) => sample.exercise)).size).toBe(1)
    expect(text.length * 3).toBeLessThan(JSON.stringify(plan).length)
  })

  test('round-trips what is absent: no workspace, no judge, no runs', () => {
    const plan = fakePlan({ samples: 1 })
    const [batch] = plan.batches
    const [run] = batch?.runs ?? []
    if (!batch || !run) throw new Error('one run')
    const { exercise: _, ...sample } = run.sample
    const bare = {
      ...plan,
      batches: [
        { ...batch, runs: [{ ...run, sample, judge: 'none' as const }] },
        { ...batch, runs: [] },
      ],
    }
    expect(unpackPlan([...packPlan(bare)].join(''))).toEqual(bare)
  })
})

describe('processes that share a folder, or die in it', () => {
  test('of two at once one gets it, the other is told who has it', async () => {
    const out = fresh()
    await using folder = await openFolder({ out, version })
    await folder.records.begin(fakePlan({}))
    using other = neighbour(out, 'hold')
    expect(await other.says()).toMatch(/records_locked: .*is in use by process \d+/)
    await expect(openFolder({ out, version })).rejects.toMatchObject({
      code: 'records_locked',
      message: expect.stringContaining(String(process.pid)),
    })
  })

  test('never two, however many come at the same moment', async () => {
    const out = fresh()
    const crowd = Array.from({ length: 6 }, () => neighbour(out, 'hold'))
    const said = await Promise.all(crowd.map((one) => one.says()))
    expect(said.filter((text) => text === 'holding').length).toBeLessThanOrEqual(1)
    for (const text of said.filter((text) => text !== 'holding')) expect(text).toContain('records_locked')
    for (const one of crowd) one[Symbol.dispose]()
  })

  test('the lock of a killed process is taken over, and so is one whose pid lives on in another process', async () => {
    const out = fresh()
    using other = neighbour(out, 'hold')
    expect(await other.says()).toBe('holding')
    await other.kill()
    const [file] = await readdir(join(out, 'lock'))
    const left = JSON.parse(await readFile(join(out, 'lock', String(file)), 'utf8'))
    await writeFile(join(out, 'lock', `${left.host}-1`), JSON.stringify({ ...left, pid: 1 }))
    await using folder = await openFolder({ out, version })
    expect(await readdir(join(out, 'lock'))).toHaveLength(1)
    await folder.records.begin(fakePlan({}))
  })

  test('killed at any moment, a folder holds only whole blobs and whole results', async () => {
    const out = fresh()
    const plan = fakePlan({ samples: 400 })
    let kept = 0
    for (let round = 0; round < 6; round++) {
      using other = neighbour(out, 'work')
      expect(await other.says()).toBe('working')
      await new Promise((resolve) => setTimeout(resolve, 60 + round * 37))
      await other.kill()
      await using folder = await openFolder({ out, version })
      await folder.records.begin(plan)
      const results = await folder.records.results(plan.id)
      expect(results.length).toBeGreaterThanOrEqual(Math.max(kept, 1))
      kept = results.length
      for (const { record } of results) for await (const _ of await folder.blobs.get(record.steps));
      expect((await readdir(join(out, 'blobs'))).filter((name) => name === 'tmp')).toEqual([])
      if (round === 3) await truncate(join(out, 'results.jsonl'), (await stat(join(out, 'results.jsonl'))).size - 5)
      if (round === 3) kept--
    }
  }, 300_000)
})

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** A process of its own on the same folder; `says` is its next message. */
function neighbour(out: string, does: 'hold' | 'work', shell = ''): { says(): Promise<string>; kill(): Promise<void> } & Disposable {
  const script = join(import.meta.dirname, 'neighbour.ts')
  const child = spawn('bash', ['-c', `${shell} exec "$0" "$@"`, process.execPath, script, out, does], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    says: async () => String((await lines.next()).value),
    async kill() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}
