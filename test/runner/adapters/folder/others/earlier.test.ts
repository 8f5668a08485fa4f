import { execFileSync } from 'node:child_process'
import { appendFile, cp, mkdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folderBlobs } from '../../../../../runner/adapters/folder/blobs.ts'
import { openFolder } from '../../../../../runner/adapters/folder/folder.ts'
import { folderEarlier } from '../../../../../runner/adapters/folder/others/earlier.ts'
import type { BlobRef } from '../../../../../runner/domain/blob.ts'
import type { Result } from '../../../../../runner/domain/result.ts'
import { earlierContract } from '../../../../contract/earlier.ts'
import { fakePlan } from '../../../../fakes/plans.ts'
import { fakeResult } from '../../../../fakes/results.ts'
import { outputFolders, testVersion } from '../../../../support/output-folders.ts'

let folders: Awaited<ReturnType<typeof outputFolders>>
beforeAll(async () => {
  folders = await outputFolders()
})
afterAll(() => folders[Symbol.asyncDispose]())

/** A store of our own, and what it hears of the earlier ones. */
async function open(earlier: readonly string[]) {
  const folder = await openFolder({ out: folders.fresh(), version: testVersion })
  const warned: string[] = []
  return {
    earlier: folderEarlier({ folders: earlier, blobs: folder.blobs, warn: (text) => warned.push(text) }),
    blobs: folder.blobs,
    warned,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

describe('results in a folder', () => {
  earlierContract(async (plan, results) => open([await folders.filled(plan, results)]))

  test('cost no space a second time', async () => {
    const { run, out, result } = await three()
    await using under = await open([out])
    await under.earlier.find(run.keys)
    expect((await stat(under.blobs.path(result.record.steps))).ino).toBe((await stat(folderBlobs(out).path(result.record.steps))).ino)
  })

  test('nothing is read before the first question', async () => {
    await using under = await open([join(folders.root, 'not-there')])
    expect(under.warned).toEqual([])
    expect(await under.earlier.find((await three()).run.keys)).toBeUndefined()
    expect(under.warned).toEqual([expect.stringContaining('not-there are not used')])
  })
})

const plan = fakePlan({ samples: 3 })
/** Three passes in a folder of their own; the second is the one that something happens to. */
async function three() {
  const [first, run, third] = plan.batches[0]?.runs ?? []
  if (!first || !run || !third) throw new Error('the fake plan has three runs')
  let result: Result | undefined
  const out = await folders.filled(plan, async (blobs) => {
    result = await fakeResult(run, blobs)
    return [await fakeResult(first, blobs), result, await fakeResult(third, blobs)]
  })
  if (!result) throw new Error('there is a result')
  return { out, run, result, beside: [first, third] }
}
type Three = Awaited<ReturnType<typeof three>>

const note = ({ result }: Three): BlobRef => {
  const [ref] = result.record.outputs
  if (!ref) throw new Error('a pass leaves a note')
  return ref
}
const editLine = (change: (line: string) => string) => async (it: Three) => {
  const path = join(it.out, 'results.jsonl')
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  await writeFile(path, `${lines.map((line, at) => (at === 1 ? change(line) : line)).join('\n')}\n`)
}
const editJson = (change: (line: Record<string, never>) => unknown) => editLine((line) => JSON.stringify(change(JSON.parse(line))))
const other = `sha256:${'0'.repeat(64)}`

test.each<[string, (it: Three) => Promise<unknown>, RegExp]>([
  ['a line that is no JSON', editLine((line) => line.slice(9)), /1 of the earlier results .* line 2 of results.jsonl is not JSON/],
  ['a line of another kind', editLine(() => '[]'), /line 2 of results.jsonl is not as it is written/],
  ['a line without a grade', editJson(({ grade: _, ...line }) => line), /line 2 .* grade/],
  ['a field that is none', editJson((line) => ({ ...line, more: 1 })), /line 2 .* not as it is written/],
  ['a name of a file that is a path', editJson(deep('digest', 'sha256:../../../../etc/passwd')), /line 2 .* not as it is written/],
  ['a run that its plan does not have', editJson((line) => ({ ...line, run: 'else' })), /its plan has no run "else"/],
  ['keys that are not those of the record', editJson((line) => ({ ...line, keys: { run: other, grade: other } })), /line 2 .* other keys/],
  ['a missing file', (it) => rm(folderBlobs(it.out).path(note(it))), /the blob of "notes\/summary.md" is not at/],
  ['a file cut short', (it) => truncate(folderBlobs(it.out).path(note(it)), 3), /has 3 bytes, not/],
  ['a file with other bytes', (it) => overwrite(folderBlobs(it.out).path(note(it)), 'x'), /does not hash to its name/],
  ['a link in place of a file', (it) => viaLink(folderBlobs(it.out).path(note(it))), /the blob of "notes\/summary.md" is not at/],
  ['a folder in place of a file', (it) => asFolder(folderBlobs(it.out).path(note(it))), /the blob of "notes\/summary.md" at .* is no file/],
  ['a pipe in place of a file', (it) => asPipe(folderBlobs(it.out).path(note(it))), /the blob of "notes\/summary.md" at .* is no file/],
])('%s: that result is as if it were not there, and the others are', async (_, damage, warning) => {
  const it = await three()
  await damage(it)
  await using under = await open([it.out])
  expect(await under.earlier.find(it.run.keys)).toBeUndefined()
  for (const { keys } of it.beside) expect(await under.earlier.find(keys)).toBeDefined()
  expect(await under.earlier.find(it.run.keys)).toBeUndefined()
  expect(under.warned).toEqual([expect.stringMatching(warning)])
})

test.each<[string, (it: Three) => Promise<unknown>, RegExp]>([
  ['without a plan', (it) => rm(join(it.out, 'plan.json')), /plan.json cannot be read/],
  [
    'with a damaged plan',
    (it) => writeFile(join(it.out, 'plan.json'), '{"schema": "proctor/plan@1", "batches": 7}'),
    /plan.json is not as/,
  ],
  ['with a plan of another kind', (it) => writeFile(join(it.out, 'plan.json'), '{}'), /plan.json is not as it is written: schema/],
  ['whose plan is a link', (it) => viaLink(join(it.out, 'plan.json')), /plan.json is no file/],
  ['whose results are a link', (it) => viaLink(join(it.out, 'results.jsonl')), /results.jsonl is no file/],
  ['whose results never end', (it) => asPipe(join(it.out, 'results.jsonl')), /results.jsonl is no file/],
  ['that is a file', (it) => rm(it.out, { recursive: true }).then(() => writeFile(it.out, '')), /cannot be read/],
])('a folder %s gives nothing, says so once, and the next one is asked', async (_, damage, warning) => {
  const [it, spare] = [await three(), await three()]
  await damage(it)
  {
    await using under = await open([it.out])
    for (const { keys } of [it.run, ...it.beside]) expect(await under.earlier.find(keys)).toBeUndefined()
    expect(under.warned).toEqual([expect.stringMatching(warning)])
  }
  await using under = await open([it.out, spare.out])
  for (const { keys } of [it.run, ...it.beside]) expect(await under.earlier.find(keys)).toBeDefined()
})

test('a torn last line is left out, and only that', async () => {
  const it = await three()
  await appendFile(join(it.out, 'results.jsonl'), (await readFile(join(it.out, 'results.jsonl'), 'utf8')).slice(0, 400))
  await using under = await open([it.out])
  for (const { keys } of [it.run, ...it.beside]) expect(await under.earlier.find(keys)).toBeDefined()
  expect(under.warned).toEqual([expect.stringContaining('line 4 of results.jsonl is torn')])
})

test('of the same result in two folders the damaged one is passed over', async () => {
  const [bad, good] = [await three(), await three()]
  await rm(folderBlobs(bad.out).path(note(bad)))
  await using under = await open([bad.out, good.out])
  expect(await under.earlier.find(bad.run.keys)).toMatchObject({ grade: { verdict: 'pass' } })
})

test('our own store that cannot be written is no fault of the results', async () => {
  const it = await three()
  await using under = await open([it.out])
  const blobs = join(under.blobs.path(note(it)), '..', '..')
  await rm(blobs, { recursive: true, force: true })
  await writeFile(blobs, 'a file in its place')
  await expect(under.earlier.find(it.run.keys)).rejects.toMatchObject({ code: 'records_unwritable' })
  expect(under.warned).toEqual([])
  await rm(blobs)
})

/** Replaces a field wherever it is. */
function deep(name: string, value: string) {
  return (json: unknown): unknown => JSON.parse(JSON.stringify(json), (key, found) => (key === name ? value : found))
}
async function overwrite(path: string, start: string) {
  const bytes = await readFile(path)
  bytes.write(start)
  await rm(path)
  await writeFile(path, bytes)
}
async function viaLink(path: string) {
  await rename(path, `${path}.real`)
  await symlink(`${path}.real`, path)
}
async function asFolder(path: string) {
  await cp(path, `${path}.real`)
  await rm(path)
  await mkdir(path)
}
async function asPipe(path: string) {
  await rm(path)
  execFileSync('mkfifo', [path])
}
