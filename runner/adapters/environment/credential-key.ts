import { randomBytes, scrypt } from 'node:crypto'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ProctorError } from '../../domain/error.ts'

/** What a store was locked with, so that a wrong key is told apart from a damaged file. */
export type KeyKind = 'passphrase' | 'key file'

/** A key of 32 bytes, from PROCTOR_CREDENTIALS_KEY, else from a file that is made on first use and that nobody else may read. */
export async function readKey(folder: string, { passphrase, salt }: { passphrase: string | undefined; salt: Buffer }): Promise<Buffer> {
  if (passphrase !== undefined) return derive(passphrase, salt, 32)
  const path = join(folder, 'credentials.key')
  await makeKey(folder, path)
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0)
    throw new ProctorError('agent_secret_unresolved', `${path} can be read by others, so it is not used: chmod 600 ${path}`)
  const key = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64')
  if (key.length !== 32)
    throw new ProctorError('agent_secret_unresolved', `${path} holds no key: restore it, or remove it and store the credentials again`)
  return key
}

const derive = promisify(scrypt) as (passphrase: string, salt: Buffer, length: number) => Promise<Buffer> // the overload without options

/** Of two that come at once, one makes it and both read it. */
async function makeKey(folder: string, path: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(path, `${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
