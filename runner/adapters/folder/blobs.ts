import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlobRef, Digest } from '../../domain/blob.ts'
import { ProctorError } from '../../domain/error.ts'
import { digestStream } from '../../lib/digest.ts'
import type { Blobs } from '../../seams/records.ts'
import { linkOr } from './link.ts'
import { writeAll, writing } from './write.ts'

export type FolderBlobs = Blobs & {
  /** Where the bytes of a blob lie. Read-only: its name is its content. */
  path(ref: BlobRef): string
  /** Takes a blob over from the output folder `other`, once its bytes were seen to be what it is called. Throws `records_damaged`. */
  adopt(ref: BlobRef, other: string): Promise<void>
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
  const path = (ref: BlobRef) => placeOf(ref, folder)
  const drafting = <T>(make: (draft: string) => Promise<T>) =>
    writing(join(folder, 'blobs'), async () => {
      await mkdir(temporary, { recursive: true })
      const draft = join(temporary, `${process.pid}-${randomBytes(8).toString('hex')}`)
      try {
        return await make(draft)
      } finally {
        await rm(draft, { force: true })
      }
    })
  const put: Blobs['put'] = (bytes, name) =>
    drafting(async (draft) => {
      const ref = { ...(await writeDraft(draft, bytes)), name }
      await keepDraft(draft, path(ref), ref.bytes)
      return ref
    })
  return {
    path,
    put,
    sweep: () => writing(temporary, () => rm(temporary, { recursive: true, force: true })),
    async adopt(ref, other) {
      if (ref.bytes === 0 && ref.digest === nothing) return void (await put(ReadableStream.from([]), ref.name))
      if (await isThere(path(ref), ref.bytes)) return
      const source = placeOf(ref, other)
      await using file = await openWhole(source, ref)
      const { digest } = await digestStream(file.createReadStream({ autoClose: false, start: 0 }))
      if (digest !== ref.digest) throw mistaken(ref)
      await file.datasync()
      await drafting(async (draft) => {
        await linkOr(source, draft, () => writeDraft(draft, file.createReadStream({ autoClose: false, start: 0 })))
        await keepDraft(draft, path(ref), ref.bytes)
      })
    },
    async get(ref) {
      const file = await openWhole(path(ref), ref)
      return ReadableStream.from(verified(file, ref))
    },
  }
}

/** Of no bytes: whoever has none may not have stored them. */
const nothing: Digest = `sha256:${createHash('sha256').digest('hex')}`

function placeOf({ digest }: BlobRef, folder: string): string {
  const hex = digest.slice('sha256:'.length)
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new ProctorError('records_damaged', `"${digest}" is not the name of a blob`)
  return join(folder, 'blobs', hex.slice(0, 2), hex)
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
  if ((await isThere(target, bytes)) && (await isYoungAgain(target))) return
  await mkdir(dirname(target), { recursive: true })
  await rename(draft, target)
}

/** What was put again a moment ago counts as written then: whoever removes old blobs leaves it. Not possible when it is another user's. */
async function isYoungAgain(path: string): Promise<boolean> {
  const now = new Date()
  return utimes(path, now, now).then(
    () => true,
    () => false,
  )
}

async function isThere(path: string, bytes: number): Promise<boolean> {
  const there = await stat(path).catch(() => undefined)
  return there?.isFile() === true && there.size === bytes
}

/** Neither follows a link nor waits for a pipe: the folder may have come from elsewhere. */
async function openWhole(path: string, ref: BlobRef): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause) => {
    throw new ProctorError('records_damaged', `the blob of "${ref.name}" is not at ${path}`, { cause })
  })
  const found = await file.stat()
  if (found.isFile() && found.size === ref.bytes) return file
  await file.close()
  throw new ProctorError(
    'records_damaged',
    found.isFile()
      ? `the blob of "${ref.name}" at ${path} has ${found.size} bytes, not ${ref.bytes}`
      : `the blob of "${ref.name}" at ${path} is no file`,
  )
}

async function* verified(file: FileHandle, ref: BlobRef): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of file.createReadStream({ highWaterMark: 262_144 })) {
    hash.update(chunk)
    yield chunk
  }
  if (`sha256:${hash.digest('hex')}` !== ref.digest) throw mistaken(ref)
}

const mistaken = ({ name, digest }: BlobRef) =>
  new ProctorError('records_damaged', `the blob of "${name}" does not hash to its name ${digest}`)
