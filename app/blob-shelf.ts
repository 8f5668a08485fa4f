import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobShelf } from './jobs/retain.ts'

/** The blobs of a data folder, looked through for what may go. */
export function blobShelf(data: string): BlobShelf {
  const folder = join(data, 'blobs')
  return {
    async *olderThan(time) {
      for (const shelf of await readdir(folder).catch(() => [])) {
        if (!/^[0-9a-f]{2}$/.test(shelf)) continue
        for (const hex of await readdir(join(folder, shelf))) {
          const found = await stat(join(folder, shelf, hex)).catch(() => undefined)
          if (found && found.mtime < time && /^[0-9a-f]{64}$/.test(hex)) yield `sha256:${hex}`
        }
      }
    },
    async remove(digest) {
      const hex = digest.slice('sha256:'.length)
      if (/^[0-9a-f]{64}$/.test(hex)) await rm(join(folder, hex.slice(0, 2), hex), { force: true })
    },
  }
}
