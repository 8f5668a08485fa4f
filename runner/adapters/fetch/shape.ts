import type { TreeFile } from '../../lib/pack-tree.ts'
import { Refused } from './guard.ts'

const noise = /^(?:__MACOSX\/|(?:.*\/)?\.DS_Store$)/
const nestedGit = /(?:^|\/)\.git(?:\/|$)/i

/** Drops what is no content: version control, a Mac's droppings. A repository inside a tree could run hooks. */
export const withoutNoise = (files: readonly TreeFile[]): TreeFile[] =>
  files.filter(({ path }) => !noise.test(path) && !nestedGit.test(path))

/** An archive of one folder is an archive of what is in it. */
export function flattened(files: readonly TreeFile[]): TreeFile[] {
  const tops = new Set(files.map(({ path }) => path.split('/')[0]))
  const [top] = tops
  if (tops.size !== 1 || files.some(({ path }) => path === top)) return [...files]
  return files.map((file) => ({ ...file, path: file.path.slice((top ?? '').length + 1) }))
}

/** The part of a tree below `subdirectory`. */
export function below(files: readonly TreeFile[], subdirectory: string | undefined): TreeFile[] {
  if (subdirectory === undefined) return [...files]
  const folder = `${subdirectory.replace(/^\.\//, '').replace(/\/+$/, '')}/`
  const inside = files.filter(({ path }) => path.startsWith(folder)).map((file) => ({ ...file, path: file.path.slice(folder.length) }))
  if (inside.length === 0) throw new Refused(`it has no folder ${JSON.stringify(subdirectory)}`)
  return inside
}

/** Two entries of one name, or a file where another entry needs a folder: whichever came last would win, so neither does. */
export function checkConflicts(files: readonly TreeFile[]): void {
  const paths = new Set<string>()
  for (const { path } of files) {
    if (paths.has(path)) throw new Refused(`it has ${JSON.stringify(path)} twice`)
    paths.add(path)
  }
  for (const { path } of files) {
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
      if (paths.has(path.slice(0, cut))) throw new Refused(`${JSON.stringify(path.slice(0, cut))} is a file and a folder at once`)
    }
  }
}
