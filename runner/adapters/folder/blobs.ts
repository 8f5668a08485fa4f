import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlobRef, Digest } from '../../domain/blob.ts'
import { ProctorError } from '../../domain/error.ts'
import type { Blobs } from '../../seams/records.ts'
import { writeAll, writing } from './write.ts'

export type FolderBlobs = Blobs & {
  /** Where the bytes of a blob lie. Read-only: its name is its content. */
  path(ref: BlobRef): string
  /** Removes what writers that are gone left half-written. Only under the folder's lock. */
  sweep(): Promise<void>
}

/**
 * Blobs as `blobs/ab/<hex>`. A blob appears by one rename, when all of it is on the disk: a crash leaves either nothing or a
 * file in `blobs/tmp`. `get` checks the length at once and the digest while it streams; a stream of damaged bytes ends in
 * `records_damaged`, never in a clean end.
 */
export function folderBlobs(folder: string): FolderBlobs {
  const temporary = join(folder, 'blobs', 'tmp')
  const path = ({ digest }: BlobRef) => {
    const hex = digest.slice('sha256:'.length)
    if (!/^[0-9a-f]{64}$/.test(hex)) throw new ProctorError('records_damaged', `"${digest}" is not the name of a blob`)
    return join(folder, 'blobs', hex.slice(0, 2), hex)
  }
  return {
    path,
    sweep: () => writing(temporary, () => rm(temporary, { recursive: true, force: true })),
    put: (bytes, name) =>
      writing(join(folder, 'blobs'), async () => {
        await mkdir(temporary, { recursive: true })
        const draft = join(temporary, `${process.pid}-${randomBytes(8).toString('hex')}`)
        try {
          const ref = { ...(await writeDraft(draft, bytes)), name }
          await keepDraft(draft, path(ref), ref.bytes)
          return ref
        } finally {
          await rm(draft, { force: true })
        }
      }),
    async get(ref) {
      const file = await openWhole(path(ref), ref)
      return ReadableStream.from(verified(file, ref))
    },
  }
}

async function writeDraft(draft: string, bytes: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; bytes: number }> {
  const hash = createHash('sha256')
  let size = 0
  await using file = await open(draft, 'wx', 0o444)
  for await (const chunk of bytes) {
    hash.update(chunk)
    size += chunk.length
    await writeAll(file, chunk)
  }
  await file.datasync()
  return { digest: `sha256:${hash.digest('hex')}`, bytes: size }
}

/** The same bytes may be there already, or be damaged there: then the draft replaces them. */
async function keepDraft(draft: string, target: string, bytes: number) {
  const there = await stat(target).catch(() => undefined)
  if (there?.isFile() && there.size === bytes) return
  await mkdir(dirname(target), { recursive: true })
  await rename(draft, target)
}

async function openWhole(path: string, ref: BlobRef): Promise<FileHandle> {
  const file = await open(path, 'r').catch((cause) => {
    throw new ProctorError('records_damaged', `the blob of "${ref.name}" is not at ${path}`, { cause })
  })
  const { size } = await file.stat()
  if (size === ref.bytes) return file
  await file.close()
  throw new ProctorError('records_damaged', `the blob of "${ref.name}" at ${path} has ${size} bytes, not ${ref.bytes}`)
}

async function* verified(file: FileHandle, ref: BlobRef): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of file.createReadStream({ highWaterMark: 262_144 })) {
    hash.update(chunk)
    yield chunk
  }
  if (`sha256:${hash.digest('hex')}` !== ref.digest)
    throw new ProctorError('records_damaged', `the blob of "${ref.name}" does not hash to its name ${ref.digest}`)
}
