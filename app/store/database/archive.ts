import { createReadStream } from 'node:fs'
import { mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ProctorError } from '../../../runner/domain/error.ts'
import { readTar } from '../../../runner/lib/read-tar.ts'

/** What is in a gzip file. Whoever reads hears of a file that cannot be read. */
export function gunzipped(file: string | URL): Readable {
  const plain = createGunzip()
  pipeline(createReadStream(file), plain, () => {})
  return plain
}

/**
 * Unpacks a tar of a database's files into the folder `to`, which it makes. Files and folders with plain names below it are all that such
 * an archive may hold. Throws `backup_unusable`, or what reading `tar` throws; a part of it may be in `to` then.
 */
export async function unpackData(tar: Readable, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 })
  try {
    for await (const { header, body, skip } of readTar(tar)) {
      const path = join(to, plainPath(header.name))
      if (header.type === 'file') await writeNew(path, body)
      else if (header.type === 'directory') {
        await mkdir(path, { recursive: true, mode: 0o700 })
        skip()
      } else throw unusable(`it holds a ${header.type}, ${quoted(header.name)}`)
    }
  } finally {
    tar.destroy()
  }
  if ((await readdir(to)).length === 0) throw unusable('it is empty')
}

async function writeNew(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await using file = await open(path, 'wx', 0o600)
  for await (const chunk of body) await file.writeFile(chunk)
}

/** PGlite's own archives have names that begin with a slash. No file of PostgreSQL has a name that needs more than these letters. */
function plainPath(name: string): string {
  const path = name.replace(/^\.?\//, '').replace(/\/$/, '')
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(path) || path.split('/').some((part) => /^\.+$/.test(part)))
    throw unusable(`it holds ${quoted(name)}, which is no file of a database`)
  return path
}

const quoted = (name: string) => JSON.stringify(name.slice(0, 100))

export const unusable = (why: string, cause?: unknown) => new ProctorError('backup_unusable', why, { cause })
