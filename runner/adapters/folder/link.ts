import { link } from 'node:fs/promises'
import { isSystemError } from './write.ts'

/** Gives a file a second name, which costs no space; `otherwise` where the file system cannot. */
export async function linkOr(file: string, name: string, otherwise: () => Promise<unknown>): Promise<void> {
  await link(file, name).catch(async (error) => {
    if (!isSystemError(error) || !linkless.has(error.code ?? '')) throw error
    await otherwise()
  })
}

/** File systems without hard links, or with no more of them for this file; files of somebody else. */
const linkless = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])
