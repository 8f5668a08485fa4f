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
    const files: TreeFile[] = []
    const count = meter()
    for await (const entry of zip.eachEntry()) {
      count.entry()
      if (entry.fileName.endsWith('/')) continue
      files.push(await readEntry({ zip, entry, count, to: join(staging, String(files.length)) }))
    }
    return files
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(error instanceof Error ? error.message : String(error))
  } finally {
    zip.close()
  }
}

type Zip = Awaited<ReturnType<typeof openPromise>>

async function readEntry({
  zip,
  entry,
  count,
  to,
}: {
  zip: Zip
  entry: Entry
  count: ReturnType<typeof meter>
  to: string
}): Promise<TreeFile> {
  const path = safePath(entry.fileName)
  const unixMode = entry.externalFileAttributes >>> 16
  const type = unixMode & fileType
  if (entry.isEncrypted()) throw new Refused(`${JSON.stringify(path)} is encrypted`)
  if (type === symlink) throw new Refused(`${JSON.stringify(path)} is a link`)
  if (entry.uncompressedSize > 2 ** 20 && entry.uncompressedSize > maxRatio * Math.max(1, entry.compressedSize))
    throw new Refused(`${JSON.stringify(path)} unpacks to more than ${maxRatio} times its size`)
  count.bytes(entry.uncompressedSize)
  const content = await zip.openReadStreamPromise(entry)
  const executable = (unixMode & 0o111) !== 0
  if (entry.uncompressedSize <= 4096) return { path, executable, content: await buffer(content) }
  await pipeline(content, createWriteStream(to))
  return { path, executable, content: { file: to } }
}
