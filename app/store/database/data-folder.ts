import { rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ProctorError } from '../../../runner/domain/error.ts'
import { unpackData } from './archive.ts'
import { backupsIn, namesIn, stampOf, sync, unlessMissing } from './backups.ts'
import { emptyDatabase } from './empty.ts'

/** `live`: what is opened. `next`: whole, and on its way into that place. `draft`: what nobody has finished. */
const placesIn = (folder: string) => ({
  live: join(folder, 'database'),
  next: join(folder, 'database-next'),
  draft: join(folder, 'database-draft'),
})

/**
 * The folder of the database's files in `folder`, made when there never was one. It comes into its place by being renamed, so that what is
 * there is whole, whenever somebody was killed. Throws `database_damaged` when it is gone or half gone: PostgreSQL would begin a new one
 * over the rest, and proctor one beside the backups, as if nothing had ever been there. The caller owns `folder`.
 */
export async function dataFolder(folder: string): Promise<string> {
  const { live, next } = placesIn(folder)
  const names = await namesIn(live)
  if (names.includes('PG_VERSION')) {
    // Of a restore that was killed before it had changed anything.
    await rm(next, { recursive: true, force: true })
    return live
  }
  if (names.length > 0) throw await damaged(folder, `${live} holds no database any more, only parts of one`)
  await rmdir(live).catch(unlessMissing)
  if ((await namesIn(next)).length === 0) {
    if ((await backupsIn(folder)).length > 0) throw await damaged(folder, `${live} is gone`)
    const { draft } = await draftOf(folder, async (draft) => unpackData(await emptyDatabase(), draft))
    await rename(draft, next)
  }
  await rename(next, live)
  return live
}

/** Lets `make` fill a folder, which is removed when that fails. */
export async function draftOf<T>(
  folder: string,
  make: (draft: string) => Promise<T>,
): Promise<{ readonly draft: string; readonly made: T }> {
  const { draft } = placesIn(folder)
  await rm(draft, { recursive: true, force: true })
  try {
    return { draft, made: await make(draft) }
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

/**
 * Puts a draft that is whole, and on the disk, into the database's place. What was there is kept beside it, under the name that is returned.
 * Killed in between, the next start goes on with it.
 */
export async function replaceData(folder: string, draft: string, now = new Date()): Promise<string | undefined> {
  const { live, next } = placesIn(folder)
  const old = join(folder, `database-replaced-${stampOf(now)}`)
  await rm(next, { recursive: true, force: true })
  await rename(draft, next)
  await sync(folder)
  const hadOne = await rename(live, old).then(
    () => true,
    (error) => unlessMissing(error) ?? false,
  )
  await rename(next, live)
  await sync(folder)
  return hadOne ? old : undefined
}

/** `why`, and which backup there is. */
export async function damaged(folder: string, why: string, cause?: unknown): Promise<ProctorError> {
  const [newest] = await backupsIn(folder)
  const next = newest
    ? `the newest backup is ${newest.file}; \`proctor database restore ${newest.file}\` puts it into its place`
    : `there is no backup in ${join(folder, 'backups')}`
  return new ProctorError('database_damaged', `${why}; ${next}`, { cause })
}
