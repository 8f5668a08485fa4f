import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ProctorError } from '../../domain/error.ts'
import { Refused, safeLink } from './guard.ts'
import { cutOutwardLinks } from './outward-links.ts'
import { readTarball } from './tarball.ts'

/**
 * Unpacks a repository's archive, a tar.gz with one top folder, into the folder `to`, without that folder. Links stay links, and none leads
 * out of the tree. Throws `agent_code_fetch_failed`.
 */
export async function unpackTree(archive: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const staging = await mkdtemp(join(dirname(to), 'unpacking-'))
  try {
    const files = (await readTarball(archive, staging)).map((file) => ({ ...file, path: file.path.split('/').slice(1).join('/') }))
    const plain = files.filter(({ path }) => path !== '')
    // Links come last, so that nothing is ever written through one.
    for (const file of plain) {
      if ('link' in file) continue
      const target = join(to, file.path)
      await mkdir(dirname(target), { recursive: true })
      if (file.content instanceof Uint8Array) await writeFile(target, file.content, { mode: file.executable ? 0o755 : 0o644 })
      else await rename(file.content.file, target)
    }
    for (const file of plain) {
      if (!('link' in file)) continue
      await mkdir(dirname(join(to, file.path)), { recursive: true })
      // What led no further than the top folder leads out of it now.
      await symlink(safeLink(file.path, file.link), join(to, file.path))
    }
    // One may lead out through another, by the way that the other takes.
    await cutOutwardLinks(to)
  } catch (error) {
    if (error instanceof Refused)
      throw new ProctorError('agent_code_fetch_failed', `the tree of the repository: ${error.message}`, { cause: error })
    throw error
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
