import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { ProctorError } from '../../../runner/domain/error.ts'
import { gunzipped, unpackData, unusable } from './archive.ts'
import { sync } from './backups.ts'
import { draftOf, replaceData } from './data-folder.ts'
import { versionOf } from './migrate.ts'
import { ownDatabase } from './owner-lock.ts'
import { openPglite } from './pglite.ts'
import { queriesOn } from './pool.ts'

/** `version` and `rows` of its tables; `replaced`: where the database lies that was there before. */
export type Restored = { readonly version: string; readonly rows: number; readonly replaced: string | undefined }

/**
 * Puts the database of an archive into the place of the one in `folder`, which is kept beside it. First the archive is unpacked, opened and
 * read from end to end; until then nothing is changed. Throws `database_in_use`, `backup_unusable` for what is no whole backup,
 * `database_too_new` for one of a later proctor, and `backup_failed` when the disk does not take it.
 */
export async function restoreDatabase(folder: string, archive: string): Promise<Restored> {
  try {
    await expectFile(archive)
    await using _ = await ownDatabase(folder)
    await expectOwn(folder)
    const { draft, made } = await draftOf(folder, async (draft) => {
      await unpackData(gunzipped(archive), draft)
      const found = await examine(draft)
      await syncAll(draft)
      return found
    })
    return { ...made, replaced: await replaceData(folder, draft) }
  } catch (error) {
    throw named(archive, error)
  }
}

async function expectFile(archive: string): Promise<void> {
  const found = await stat(archive).catch(() => undefined)
  if (!found?.isFile()) throw unusable('there is no such file')
}

/** What root puts there, the server of another user could not open. */
async function expectOwn(folder: string): Promise<void> {
  const found = await stat(join(folder, 'database')).catch(() => undefined)
  const user = process.getuid?.()
  if (found && user !== undefined && found.uid !== user)
    throw new ProctorError(
      'usage_invalid',
      `database restore: ${folder} belongs to the user ${found.uid}, and you are ${user}: run it as them`,
    )
}

/** Reading every row finds what opening does not: PostgreSQL checks the sum of each page that it reads. */
async function examine(files: string): Promise<{ readonly version: string; readonly rows: number }> {
  await using opened = await openPglite(files, () => {})
  const db = queriesOn(opened.pool).withoutPlugins()
  const version = await versionOf(db)
  if (version === undefined) throw unusable('it is a database, and none of proctor')
  const { rows: tables } = await sql<{ schema: string; name: string }>`
    SELECT schemaname AS schema, tablename AS name FROM pg_tables WHERE schemaname IN ('proctor', 'pgboss')`.execute(db)
  let total = 0
  for (const { schema, name } of tables) {
    const { rows } = await sql<{ count: number }>`SELECT count(t::text) AS count FROM ${sql.id(schema, name)} AS t`.execute(db)
    if (schema === 'proctor') total += rows[0]?.count ?? 0
  }
  return { version, rows: total }
}

/** The embedded database itself never waits for the disk. */
async function syncAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await using handle = await open(join(entry.parentPath, entry.name))
    await handle.sync()
  }
  await sync(folder)
}

const ofTheDisk = new Set(['EACCES', 'EDQUOT', 'EIO', 'EMFILE', 'ENOSPC', 'EPERM', 'EROFS'])

function named(archive: string, error: unknown): ProctorError {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof ProctorError && error.code === 'database_too_new')
    return new ProctorError(error.code, `${archive}: ${text}`, { cause: error })
  if (error instanceof ProctorError && error.code !== 'backup_unusable' && error.code !== 'database_damaged') return error
  if (error instanceof Error && 'code' in error && ofTheDisk.has(String(error.code)))
    return new ProctorError('backup_failed', `${archive} was not restored: ${text}`, { cause: error })
  return unusable(`${archive}: ${text}`, error)
}
