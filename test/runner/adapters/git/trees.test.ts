import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openTrees } from '../../../../runner/adapters/git/trees.ts'
import { packTree } from '../../../../runner/lib/pack-tree.ts'
import { treesContract } from '../../../contract/trees.ts'

const root = await mkdtemp(join(tmpdir(), 'proctor-test-trees-'))
afterAll(() => rm(root, { recursive: true }))
let count = 0
const cache = () => join(root, String(count++))
const variables = { PATH: process.env.PATH }
const tar = async () => ReadableStream.from(packTree([{ path: 'w/a', executable: false, content: Buffer.from('1\n') }]))
const never = () => Promise.reject(new Error('read again'))

treesContract('git', async () => openTrees({ cacheDir: cache(), variables }))

describe('openTrees', () => {
  it('finds a baseline again in a later process', async () => {
    const cacheDir = cache()
    const first = await openTrees({ cacheDir, variables }).baseline('k', tar)
    const later = await openTrees({ cacheDir, variables }).baseline('k', never)
    expect(later).toEqual(first)
  })

  it('leaves nothing but baselines behind', async () => {
    const cacheDir = cache()
    const trees = openTrees({ cacheDir, variables })
    const baseline = await trees.baseline('k', tar)
    await trees.diff(baseline, changes('2\n'), { maxPatch: 10, signal: new AbortController().signal })
    await trees.baseline('broken', never).catch(() => {})
    expect(await readdir(cacheDir)).toHaveLength(1)
  })

  it('removes what a dead process left, and nothing of a living one', async () => {
    const cacheDir = cache()
    const host = hostname().replaceAll(/[^A-Za-z0-9.]/g, '_')
    const names = [`tmp-${host}-999999999-1-x`, `tmp-${host}-${process.ppid}-1-x`, 'tmp-elsewhere-999999999-1-x']
    for (const name of names) await mkdir(join(cacheDir, name), { recursive: true })
    await openTrees({ cacheDir, variables }).baseline('k', tar)
    expect((await readdir(cacheDir)).filter((name) => name.startsWith('tmp-')).sort()).toEqual(names.slice(1).sort())
  })

  it('forgets a baseline that nobody used for a month', async () => {
    const cacheDir = cache()
    const old = join(cacheDir, '0'.repeat(32))
    await mkdir(old, { recursive: true })
    await utimes(old, 0, new Date(Date.now() - 40 * 86_400_000))
    await openTrees({ cacheDir, variables }).baseline('k', tar)
    expect(await readdir(cacheDir)).toEqual([expect.not.stringMatching(/^0+$/)])
  })

  it("calls what git refuses of the work the agent's doing", async () => {
    const trees = openTrees({ cacheDir: cache(), variables })
    const baseline = await trees.baseline('k', tar)
    async function* refused() {
      yield { path: 'x//y', after: { mode: '100644' as const, bytes: 1, content: bytes('1') } }
    }
    const asked = trees.diff(baseline, refused(), { maxPatch: 10, signal: new AbortController().signal })
    await expect(asked).rejects.toMatchObject({ code: 'work_unreadable' })
  })

  it("gives up a comparison that takes too long, and calls it the agent's doing", async () => {
    const trees = openTrees({ cacheDir: cache(), variables, deadlineMs: 300 })
    const baseline = await trees.baseline('k', tar)
    const slow = trees.diff(baseline, forever(), { maxPatch: 10, signal: new AbortController().signal })
    await expect(slow).rejects.toMatchObject({ code: 'work_too_large' })
  })
})

async function* changes(content: string) {
  yield { path: 'a', after: { mode: '100644' as const, bytes: content.length, content: bytes(content) } }
}
async function* forever() {
  for (let at = 0; ; at++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    yield* changes(String(at))
  }
}
async function* bytes(content: string) {
  yield Buffer.from(content)
}
