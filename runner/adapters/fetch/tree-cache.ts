import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Whatever changes how a commit becomes a tree changes this. */
const version = 1

/** Trees of one repository by commit, as tars: what was fetched once is not fetched again. They may be private, and only their owner can read them. */
export function openTreeCache(folder: string, { url, subdirectory }: { readonly url: string; readonly subdirectory?: string | undefined }) {
  const path = (commit: string) => {
    const name = createHash('sha256').update(JSON.stringify([version, url, subdirectory ?? '', commit]))
    return join(folder, `${name.digest('hex')}.tar`)
  }
  return {
    has: (commit: string): Promise<boolean> =>
      stat(path(commit)).then(
        () => true,
        () => false,
      ),
    get: (commit: string): AsyncIterable<Uint8Array> => createReadStream(path(commit)),
    /** Whoever looks finds all of it or nothing. */
    async put(commit: string, tar: AsyncIterable<Uint8Array>): Promise<void> {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const part = `${path(commit)}.${randomBytes(6).toString('hex')}.part`
      try {
        await pipeline(tar, createWriteStream(part, { mode: 0o600, flush: true }))
        await rename(part, path(commit))
      } finally {
        await rm(part, { force: true })
      }
    },
  }
}
