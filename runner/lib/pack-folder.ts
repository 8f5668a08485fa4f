import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'

/**
 * A tar of the files and folders in a folder, empty ones too, as it streams by; modes are the owner's alone. Nobody may write there
 * meanwhile. Anything else in it is an error.
 */
export function packFolder(folder: string): AsyncIterable<Uint8Array> {
  const tar = pack()
  void packAll(folder, tar).then(
    () => tar.finalize(),
    (error: Error) => tar.destroy(error),
  )
  // A streamx stream is async iterable; its types don't say so.
  return tar as unknown as AsyncIterable<Uint8Array>
}

async function packAll(folder: string, tar: ReturnType<typeof pack>): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const path of entries.map(({ parentPath, name }) => join(parentPath, name)).toSorted()) {
    const stats = await lstat(path)
    const common = { name: relative(folder, path), mtime: stats.mtime }
    if (stats.isDirectory()) tar.entry({ ...common, type: 'directory', mode: 0o700 })
    else if (stats.isFile())
      await pipeline(
        createReadStream(path),
        tar.entry({ ...common, mode: 0o600, size: stats.size }) as unknown as NodeJS.WritableStream, // streamx again
      )
    else throw new Error(`${path} is neither a file nor a folder`)
  }
}
