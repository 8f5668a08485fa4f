import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ProctorError } from '../../domain/error.ts'
import { Refused } from './guard.ts'
import { readZip } from './zip.ts'

/** Unpacks an archive of strangers into the folder `to`: plain files inside it, within the limits of every archive. Throws `agent_code_fetch_failed`. */
export async function unpackZip(archive: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const staging = await mkdtemp(join(dirname(to), 'unpacking-'))
  try {
    for (const file of await readZip(archive, staging)) {
      if ('link' in file) continue // an archive's links are refused before
      const target = join(to, file.path)
      await mkdir(dirname(target), { recursive: true })
      if (file.content instanceof Uint8Array) await writeFile(target, file.content)
      else await rename(file.content.file, target)
    }
  } catch (error) {
    if (error instanceof Refused)
      throw new ProctorError('agent_code_fetch_failed', `the archive ${archive}: ${error.message}`, { cause: error })
    throw error
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
