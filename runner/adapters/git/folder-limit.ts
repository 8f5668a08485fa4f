import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const everyMs = 250

/** Fires when a folder that somebody else fills has grown beyond `most` bytes. The watch ends with the scope. */
export function folderLimit(folder: string, most: number): Disposable & { readonly signal: AbortSignal } {
  const full = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    if ((await sizeOf(folder)) > most) full.abort()
    else if (!full.signal.aborted && timer) timer = setTimeout(look, everyMs).unref()
  }
  timer = setTimeout(look, everyMs).unref()
  return {
    signal: full.signal,
    [Symbol.dispose]() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

/** What comes and goes meanwhile counts as nothing. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      stat(join(parentPath, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
