import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The key that an embedded store locks credentials with, made when there is none: on one box it lies beside them, readable by its owner alone. */
export async function masterKeyIn(data: string): Promise<string> {
  const file = join(data, 'master.key')
  await mkdir(data, { recursive: true })
  await writeFile(file, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return (await readFile(file, 'utf8')).trim()
}
