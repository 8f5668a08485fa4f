import { lstat, readdir, readlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { TreeFile } from '../../lib/pack-tree.ts'
import { most, Refused, safeLink, safePath } from './guard.ts'

/** Folders of a work tree that are no source: what tools leave behind. */
const caches = new Set(['.git', '__pycache__', 'node_modules', '.venv', '.proctor', '.pytest_cache', '.mypy_cache', '.ruff_cache', '.tox'])
const none = new Set(['.git'])

/** `only`: exactly these paths. `except`: not these, nor what lies in them. `everything`: caches too, because somebody committed them. */
type Which = { readonly only?: ReadonlySet<string>; readonly except?: ReadonlySet<string>; readonly everything?: boolean }

/** A folder as it lies on disk, without what tools leave behind. Links that lead outside are refused. */
export async function readDir(root: string, { only, except = new Set(), everything = false }: Which = {}): Promise<TreeFile[]> {
  const skipped = only || everything ? none : caches
  const files: TreeFile[] = []
  let bytes = 0

  const walk = async (folder: string): Promise<void> => {
    const names = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      throw new Refused(error.code === 'ENOENT' || error.code === 'ENOTDIR' ? `the folder ${folder} is not there` : error.message)
    })
    if (isOutputFolder(names)) return
    for (const entry of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name)
      const name = relative(root, path)
      if (except.has(name)) continue
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name)) await walk(path)
      } else if (only === undefined || only.has(name)) files.push(await read(path, safePath(name)))
      if (files.length > most.entries) throw new Refused(`it has more than ${most.entries} files`)
    }
  }
  const read = async (path: string, name: string): Promise<TreeFile> => {
    const status = await lstat(path)
    if (status.isSymbolicLink()) return { path: name, link: safeLink(name, await readlink(path)) }
    if (!status.isFile()) throw new Refused(`${JSON.stringify(name)} is no regular file`)
    bytes += status.size
    if (bytes > most.unpacked) throw new Refused(`it has more than ${most.unpacked / 2 ** 20} MB`)
    return { path: name, executable: (status.mode & 0o111) !== 0, content: { file: path } }
  }
  await walk(root)
  return files
}

/** Results of a run that were written into the package itself are no part of it: with them, no two runs would examine the same agent. */
function isOutputFolder(entries: readonly { readonly name: string }[]): boolean {
  const names = new Set(entries.map(({ name }) => name))
  return names.has('results.jsonl') && names.has('plan.json')
}
