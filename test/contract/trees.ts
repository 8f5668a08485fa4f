import { describe, expect, it } from 'vitest'
import { packTree, type TreeFile } from '../../runner/lib/pack-tree.ts'
import type { Baseline, TreeChange, Trees } from '../../runner/seams/trees.ts'

/** What every Trees does, whatever it is made of. */
export function treesContract(name: string, open: () => Promise<Trees>): void {
  describe(`Trees: ${name}`, () => {
    it('reads a baseline once, and leaves out what never belongs to a tree', async () => {
      const trees = await open()
      let reads = 0
      const read = async () => {
        reads += 1
        return tar([
          text('a.py', 'a\n'),
          text('.git/HEAD', 'x'),
          text('vendor/x/.git/config', 'x'),
          text('__pycache__/a.pyc', 'x'),
          text('.gitignore', '*.log\n'),
          text('x.log', 'log\n'),
        ])
      }
      const [one, two] = await Promise.all([trees.baseline('k', read), trees.baseline('k', read)])
      expect([...one.entries.keys()].sort()).toEqual(['.gitignore', 'a.py', 'x.log'])
      expect(one.entries.get('a.py')).toEqual({ mode: '100644', oid: '78981922613b2afb6025042ff6bd878ac1994e85', bytes: 2 })
      expect(two.entries).toEqual(one.entries)
      expect(reads).toBe(1)
    })

    it('tells apart two baselines', async () => {
      const trees = await open()
      const one = await trees.baseline('1', async () => tar([text('a', '1')]))
      const two = await trees.baseline('2', async () => tar([text('b', '2')]))
      expect([...one.entries.keys(), ...two.entries.keys()]).toEqual(['a', 'b'])
    })

    it('tries again after a read that failed', async () => {
      const trees = await open()
      await expect(trees.baseline('k', () => Promise.reject(new Error('no engine')))).rejects.toThrow('no engine')
      expect((await trees.baseline('k', async () => tar([text('a', '')]))).entries.size).toBe(1)
    })

    it('shows an edit, an addition and a deletion with their lines', async () => {
      const { patch, stat } = await compare(
        await open(),
        [text('a', '1\n2\n'), text('b', 'b\n')],
        [change('a', '1\n3\n4\n'), { path: 'b' }, change('dir/c', 'c')],
      )
      expect(stat).toEqual([
        { path: 'a', added: 2, removed: 1 },
        { path: 'b', added: 0, removed: 1 },
        { path: 'dir/c', added: 1, removed: 0 },
      ])
      expect(patch).toContain('--- a/a\n+++ b/a\n')
      expect(patch).toContain('-2\n+3\n+4\n')
    })

    it('marks binary files and finds renames', async () => {
      const moved = 'one\ntwo\nthree\nfour\n'
      const { patch, stat } = await compare(
        await open(),
        [text('old', moved), text('bin', 'x')],
        [{ path: 'old' }, change('new', moved), change('bin', '\0\x01')],
      )
      expect(stat).toContainEqual({ path: 'new', from: 'old', added: 0, removed: 0 })
      expect(stat).toContainEqual({ path: 'bin', added: -1, removed: -1 })
      expect(patch).toContain('rename from old\nrename to new\n')
      expect(patch).toContain('Binary files a/bin and b/bin differ')
    })

    it('shows a mode, and a link in place of a file', async () => {
      const { patch } = await compare(
        await open(),
        [text('run', 'r\n'), text('f', 'f\n')],
        [change('run', 'r\n', '100755'), change('f', '/etc/passwd', '120000')],
      )
      expect(patch).toContain('old mode 100644\nnew mode 100755\n')
      expect(patch).toContain('new file mode 120000')
    })

    it('takes a link in place of a folder, and a folder in place of a file', async () => {
      const { stat } = await compare(
        await open(),
        [text('d/x', 'x\n'), text('f', 'f\n')],
        [{ path: 'd/x' }, { path: 'f' }, change('d', '/etc', '120000'), change('f/y', 'y\n')],
      )
      expect(stat.map(({ path }) => path).sort()).toEqual(['d', 'd/x', 'f', 'f/y'])
    })

    it('believes no attribute that the tree brings', async () => {
      const attributes = '* -diff -text working-tree-encoding=UTF-16 filter=evil\n'
      const { patch } = await compare(
        await open(),
        [text('.gitattributes', attributes), text('a', '1\n')],
        [change('a', '2\n'), change('.gitattributes', `${attributes}#\n`)],
      )
      expect(patch).toContain('-1\n+2\n')
    })

    it('takes names that are no text', async () => {
      const { patch, stat } = await compare(await open(), [text('a', '1\n')], [change('caf\xe9 "q"\t\n\\', 'x\n'), change('-rf', 'y\n')])
      expect(stat.map(({ path }) => path).sort()).toEqual(['-rf', 'caf\xe9 "q"\t\n\\'])
      expect(patch).toContain('+x')
    })

    it('cuts a patch, never its counts', async () => {
      const trees = await open()
      const baseline = await trees.baseline('k', async () => tar([text('a', '1\n')]))
      const long = 'line\n'.repeat(100_000)
      const { patch, cut, stat } = await trees.diff(baseline, each([change('a', long), change('b', long)]), {
        maxPatch: 1000,
        signal: new AbortController().signal,
      })
      expect({ bytes: patch.length, cut, stat }).toEqual({
        bytes: 1000,
        cut: true,
        stat: [
          { path: 'a', added: 100_000, removed: 1 },
          { path: 'b', added: 100_000, removed: 0 },
        ],
      })
    })

    it('counts the lines of texts that are too long to be compared', async () => {
      const { stat } = await compare(
        await open(),
        [text('a', '1\n')],
        [change('big', 'twelve bytes\n'.repeat(400_000)), change('bin', `\0${'x\n'.repeat(3_000_000)}`)],
      )
      expect(stat).toEqual([
        { path: 'big', added: 400_000, removed: 0 },
        { path: 'bin', added: -1, removed: -1 },
      ])
    })

    it('has nothing to show for no change, and stops when it is told to', async () => {
      const trees = await open()
      expect(await compare(trees, [text('a', '1\n')], [])).toEqual({ patch: '', cut: false, stat: [] })
      const baseline = await trees.baseline('other', async () => tar([text('a', '1\n')]))
      await expect(trees.diff(baseline, each([change('a', '2')]), { maxPatch: 10, signal: AbortSignal.abort() })).rejects.toThrow()
    })
  })
}

async function compare(trees: Trees, before: TreeFile[], changes: TreeChange[]) {
  const baseline: Baseline = await trees.baseline('compare', async () => tar(before))
  const { patch, cut, stat } = await trees.diff(baseline, each(changes), { maxPatch: 1_000_000, signal: new AbortController().signal })
  return { patch: Buffer.from(patch).toString('utf8'), cut, stat }
}

const text = (path: string, content: string): TreeFile => ({ path: `workspace/${path}`, executable: false, content: Buffer.from(content) })
const tar = (files: TreeFile[]) => ReadableStream.from(packTree(files))
const change = (path: string, content: string, mode: '100644' | '100755' | '120000' = '100644'): TreeChange => ({
  path,
  after: { mode, bytes: Buffer.byteLength(content), content: each([Buffer.from(content)]) },
})
async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
