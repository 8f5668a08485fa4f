import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readWork } from '../../../runner/lib/work.ts'
import { type TakeLimits, take } from '../../../runner/run/take.ts'
import type { Baseline, TreeEntry } from '../../../runner/seams/trees.ts'
import { pieces, type RawEntry, rawTar } from '../../support/tar.ts'

const root: RawEntry = { name: 'workspace/', type: '5' }
const file = (path: string, content = '', mode = 0o644): RawEntry => ({ name: `workspace/${path}`, content, mode })
const blob = (content: string, mode: TreeEntry['mode'] = '100644'): TreeEntry => ({
  mode,
  oid: createHash('sha1')
    .update(`blob ${Buffer.byteLength(content)}\0${content}`)
    .digest('hex'),
  bytes: Buffer.byteLength(content),
})
const baseline = (entries: Record<string, TreeEntry>): Baseline => ({ key: 'k', entries: new Map(Object.entries(entries)) })

describe('take', () => {
  it('keeps what changed and nothing else', async () => {
    const before = baseline({ same: blob('same'), edited: blob('old'), mode: blob('m'), gone: blob('g'), link: blob('a', '120000') })
    const taken = await takeAll(before, [
      file('same', 'same'),
      file('edited', 'new'),
      file('mode', 'm', 0o755),
      file('added', 'x'),
      { name: 'workspace/link', type: '2', target: 'b' },
    ])
    expect(taken.found).toEqual({ edited: 'new', mode: '+x m', added: 'x', link: '-> b', gone: undefined })
  })

  it('sees an edit of the same length, whatever its times say', async () => {
    expect((await takeAll(baseline({ a: blob('1234') }), [file('a', '1243')])).found).toEqual({ a: '1243' })
  })

  it('leaves out repositories, byte-code and devices, and names them', async () => {
    const left = [
      file('.git/HEAD'),
      file('.git/hooks/x'),
      file('vendor/.git/config'),
      file('vendor/.git/HEAD'),
      { name: 'workspace/sub/.GIT', type: '2', target: '/' },
    ]
    const caches = [file('__pycache__/a.pyc'), file('b.pyc'), file('.pytest_cache/v')]
    const taken = await takeAll(baseline({}), [...left, ...caches, { name: 'workspace/pipe\x1b', type: '6' }, file('vendor/a', 'a')])
    expect(taken.found).toEqual({ 'vendor/a': 'a' })
    expect(taken.left).toEqual([
      'vendor/.git (nested .git)',
      'sub/.GIT (nested .git)',
      'pipe\\u{1b} (socket, pipe or device)',
      '3 files of byte-code caches',
    ])
  })

  it('ignores what an image of the agent itself brought, and what grading has anyway', async () => {
    const started = baseline({ planted: blob('solution'), built: blob('for 3.11'), a: blob('a') })
    const pristine = baseline({ built: blob('for 3.13'), a: blob('a'), only: blob('grading') })
    const run = (files: RawEntry[]) => takeAll(started, files, { pristine })
    expect((await run([file('planted', 'solution'), file('built', 'for 3.11'), file('a', 'a')])).found).toEqual({})
    expect((await run([file('planted', 'solution'), file('built', 'for 3.13'), file('a', 'b')])).found).toEqual({ a: 'b' })
    expect((await run([file('planted', 'solution')])).found).toEqual({ built: undefined, a: undefined })
  })

  it('gives a file its content under each of its names', async () => {
    const hard = (path: string, target: string): RawEntry => ({
      name: `workspace/${path}`,
      type: '1',
      target: `workspace/${target}`,
      mode: 0o777,
    })
    const before = baseline({ a: blob('A'), same: blob('A') })
    const taken = await takeAll(before, [
      file('a', 'A'),
      hard('b', 'a'),
      hard('same', 'a'),
      file('.git/x', 'hidden'),
      hard('c', '.git/x'),
      hard('d', '.git/x'),
      file('new', 'N', 0o755),
      hard('e', 'new'),
    ])
    expect(taken.found).toEqual({ b: 'A', c: 'hidden', d: 'hidden', new: '+x N', e: '+x N' })
  })

  it('takes content that does not fit into memory, under several names too', async () => {
    const big = 'b'.repeat(3_000_000)
    const hard = (path: string): RawEntry => ({ name: `workspace/${path}`, type: '1', target: 'workspace/same' })
    const taken = await takeAll(baseline({ same: blob(big) }), [file('same', big), file('big', `${big}!`), hard('x'), hard('y')])
    expect(taken.found).toEqual({ big: `${big}!`, x: big, y: big })
  })

  it('takes names that are no text', async () => {
    expect((await takeAll(baseline({ 'gone\xfe': blob('') }), [file('caf\xe9\n', 'x')])).found).toEqual({
      'caf\xe9\n': 'x',
      'gone\xfe': undefined,
    })
  })

  it.each<[string, RawEntry[], TakeLimits]>([
    ['bytes', [file('a', 'x'.repeat(5000))], { bytes: 4000, entries: 10, path: 100 }],
    ['a sparse file', [{ name: 'workspace/s', size: 10 * 1024 ** 3 }], { bytes: 1024 ** 3, entries: 10, path: 100 }],
    ['entries', Array.from({ length: 20 }, (_, at) => file(String(at))), { bytes: 1e6, entries: 10, path: 100 }],
    ['a long path', [file('x'.repeat(80))], { bytes: 1e6, entries: 10, path: 50 }],
  ])("is the agent's fault when there are too many: %s", async (_, files, limits) => {
    await expect(takeAll(baseline({}), files, { limits })).rejects.toMatchObject({ code: 'work_too_large' })
  })

  it("is the agent's fault when there is no folder any more", async () => {
    const nothing = take({ open: async () => undefined, started: baseline({}), pristine: baseline({}) })
    await expect(nothing).rejects.toMatchObject({ code: 'work_unreadable' })
    const replaced = rawTar([{ name: 'workspace', type: '2', target: '/' }])
    await expect(take({ open: async () => pieces(replaced, 512), started: baseline({}), pristine: baseline({}) })).rejects.toMatchObject({
      code: 'work_unreadable',
    })
  })

  it('reads no more of an endless tree than its limit', async () => {
    let read = 0
    const endless = async function* () {
      const block = rawTar([file('a', 'x'.repeat(100_000))]).subarray(0, -1024)
      yield rawTar([root]).subarray(0, 512)
      for (;;) {
        read += block.length
        yield block
      }
    }
    const limits = { bytes: 10_000_000, entries: 1_000_000, path: 100 }
    await expect(take({ open: async () => endless(), started: baseline({}), pristine: baseline({}), limits })).rejects.toMatchObject({
      code: 'work_too_large',
    })
    expect(read).toBeLessThan(10_300_000)
  })
})

async function takeAll(
  started: Baseline,
  files: readonly RawEntry[],
  { pristine = started, limits }: { pristine?: Baseline; limits?: TakeLimits } = {},
) {
  const tar = rawTar([root, ...files])
  await using taken = await take({ open: async () => pieces(tar, 65_536), started, pristine, ...(limits ? { limits } : {}) })
  const found: Record<string, string | undefined> = {}
  for await (const { entry, content } of readWork(taken.read())) {
    let text = ''
    for await (const bytes of content) text += Buffer.from(bytes).toString('latin1')
    const sign = entry.type === 'link' ? '-> ' : entry.type === 'file' && entry.executable ? '+x ' : ''
    found[entry.path] = entry.type === 'gone' ? undefined : sign + text
  }
  return { found, left: taken.left }
}
