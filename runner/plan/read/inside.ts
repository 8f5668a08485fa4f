import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { within } from './find-files.ts'

type Wanted = { readonly folder: string; readonly fence: string; readonly is: 'file' | 'folder' }

/** A path that an author wrote, relative to `folder`: absolute, or why it is refused. Nothing outside the fence is ever read, also not through a link. */
export async function inside(
  path: string,
  { folder, fence, is }: Wanted,
): Promise<{ readonly path: string } | { readonly refused: string }> {
  const shown = JSON.stringify(path)
  if (isAbsolute(path) || path.includes('\\') || path.includes('\0'))
    return { refused: `found ${shown}; accepted: a relative path with slashes` }
  const full = resolve(folder, path)
  const real = await realpath(full).catch(() => undefined)
  if (real === undefined) return { refused: `found ${shown}, which is not there; accepted: a ${is} relative to this file` }
  if (!within(fence, real)) return { refused: `found ${shown}, which lies outside the repository; accepted: a ${is} inside it` }
  const found = await stat(real)
  const right = is === 'file' ? found.isFile() : found.isDirectory()
  return right ? { path: real } : { refused: `found ${shown}, which is no ${is}; accepted: a ${is} relative to this file` }
}
