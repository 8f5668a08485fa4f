import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type Entry, openPromise } from 'yauzl'
import type { TreeFile } from '../../lib/pack-tree.ts'
import { meter, most, Refused, safePath } from './guard.ts'

/** Ratios above this, in entries large enough to matter, are bombs. */
const maxRatio = 200
const fileType = 0o170000
const symlink = 0o120000
const regular = 0o100000

/** Unpacks into numbered files of `staging`: no name of the archive ever becomes a path of this machine. */
export async function readZip(path: string, staging: string): Promise<TreeFile[]> {
  const { size } = await stat(path).catch(() => {
    throw new Refused('it is not there')
  })
  if (size > most.packed) throw new Refused(`it has ${Math.ceil(size / 2 ** 20)} MB; at most ${most.packed / 2 ** 20} are accepted`)
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true }).catch(
    (error: Error) => {
      throw new Refused(`it is no ZIP archive: ${error.message}`)
    },
  )
  try {
    const accepted: Accepted[] = []
    const count = meter()
    // All that the archive says of itself is checked before a byte of it is unpacked.
    for await (const entry of zip.eachEntry()) {
      count.entry()
      if (entry.fileName.endsWith('/')) continue
      accepted.push(check(entry))
      count.bytes(entry.uncompressedSize)
    }
    const files: TreeFile[] = []
    for (const one of accepted) files.push(await unpack(zip, one, join(staging, String(files.length))))
    return files
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(error instanceof Error ? error.message : String(error))
  } finally {
    zip.close()
  }
}

type Zip = Awaited<ReturnType<typeof openPromise>>
type Accepted = { readonly entry: Entry; readonly path: string; readonly executable: boolean }

function check(entry: Entry): Accepted {
  const path = safePath(entry.fileName)
  const unixMode = entry.externalFileAttributes >>> 16
  const type = unixMode & fileType
  if (entry.isEncrypted()) throw new Refused(`${JSON.stringify(path)} is encrypted`)
  if (type === symlink) throw new Refused(`${JSON.stringify(path)} is a link`)
  if (type !== 0 && type !== regular) throw new Refused(`${JSON.stringify(path)} is no regular file`)
  if (entry.uncompressedSize > 2 ** 20 && entry.uncompressedSize > maxRatio * Math.max(1, entry.compressedSize))
    throw new Refused(`${JSON.stringify(path)} unpacks to more than ${maxRatio} times its size`)
  return { entry, path, executable: (unixMode & 0o111) !== 0 }
}

/** An entry that holds more than it said is cut there, as an error. */
async function unpack(zip: Zip, { entry, path, executable }: Accepted, to: string): Promise<TreeFile> {
  const content = await zip.openReadStreamPromise(entry)
  if (entry.uncompressedSize <= 4096) return { path, executable, content: await buffer(content) }
  await pipeline(content, createWriteStream(to))
  return { path, executable, content: { file: to } }
}
