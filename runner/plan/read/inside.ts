import { realpathSync, statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { within } from './find-files.ts'

type Wanted = { readonly folder: string; readonly fence: string; readonly is: 'file' | 'folder' }

/** A path that an author wrote, relative to `folder`: absolute, or why it is refused. Nothing outside the fence is ever read, also not through a link. */
export function inside(path: string, { folder, fence, is }: Wanted): { readonly path: string } | { readonly refused: string } {
  const shown = JSON.stringify(path)
  if (isAbsolute(path) || path.includes('\\') || path.includes('\0'))
    return { refused: `found ${shown}; accepted: a relative path with slashes` }
  const real = realPath(resolve(folder, path))
  if (real === undefined) return { refused: `found ${shown}, which is not there; accepted: a ${is} relative to this file` }
  if (!within(fence, real)) return { refused: `found ${shown}, which lies outside the repository; accepted: a ${is} inside it` }
  const found = statSync(real)
  const right = is === 'file' ? found.isFile() : found.isDirectory()
  return right ? { path: real } : { refused: `found ${shown}, which is no ${is}; accepted: a ${is} relative to this file` }
}

/** Links resolved; undefined when nothing is there, or links go round in a circle. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}
