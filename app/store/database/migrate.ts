import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { ProctorError } from '../../../runner/domain/error.ts'
import { first } from './migrations/001-first.ts'
import { blobUses } from './migrations/002-blob-uses.ts'
import { workerLogins } from './migrations/003-worker-logins.ts'
import { proposedBatches } from './migrations/004-proposed-batches.ts'
import { imageBuilds } from './migrations/005-image-builds.ts'
import { missedDeliveries } from './migrations/006-missed-deliveries.ts'
import { whatIsShown } from './migrations/007-what-is-shown.ts'
import { accounts } from './migrations/008-accounts.ts'
import type { Db } from './pool.ts'

/** Forward only, in their order; one that was released is never edited. PostgreSQL 15 must understand it. */
const migrations: Readonly<Record<string, readonly string[]>> = {
  '001-first': first,
  '002-blob-uses': blobUses,
  '003-worker-logins': workerLogins,
  '004-proposed-batches': proposedBatches,
  '005-image-builds': imageBuilds,
  '006-missed-deliveries': missedDeliveries,
  '007-what-is-shown': whatIsShown,
  '008-accounts': accounts,
}

/** The versions of the store's tables, oldest first. */
export const versions: readonly string[] = Object.keys(migrations)

/**
 * Brings the tables up to date, up to `version` when it is given. Safe when several processes do it at once. Throws `database_too_new`
 * for tables that a later proctor has migrated.
 */
export async function migrate(db: Db, version?: string): Promise<void> {
  await refuse(db)
  const migrator = new Migrator({
    db: db.withoutPlugins(),
    provider: { getMigrations: async () => Object.fromEntries(Object.entries(migrations).map(([name, up]) => [name, migration(up)])) },
    migrationTableSchema: 'proctor',
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
  })
  const { error } = await (version ? migrator.migrateTo(version) : migrator.migrateToLatest())
  if (error) throw error
}

const migration = (statements: readonly string[]): Migration => ({
  async up(db) {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
})

/** Of the tables that are there; undefined when there are none. Throws `database_too_new`. */
export async function versionOf(db: Db): Promise<string | undefined> {
  await refuse(db)
  return (await applied(db)).at(-1)
}

/** Whether `migrate`, or the queue at its start, would change tables that are there. Throws `database_too_new`. */
export async function isBehind(db: Db): Promise<boolean> {
  const version = await versionOf(db)
  return version !== undefined && (version !== versions.at(-1) || (await queueAt(db)) < queueVersion)
}

/** Throws `database_too_new`, and `database_too_old` when this version of proctor has not migrated it yet. */
export async function expectUpToDate(db: Db): Promise<void> {
  await refuse(db)
  const missing = versions.length - (await applied(db)).length
  if (missing > 0 || (await queueAt(db)) < queueVersion)
    throw new ProctorError('database_too_old', 'the database has not been brought up to date for this version of proctor')
}

/** Of the queue's tables, which bring themselves up to date. */
export const queueVersion = 43

/** Throws `database_too_new` when a later proctor, or a later queue, was here. */
async function refuse(db: Db): Promise<void> {
  const unknown = (await applied(db)).filter((name) => !versions.includes(name))
  if (unknown.length > 0) throw tooNew(`its tables are at ${unknown.at(-1)}, and this one knows ${versions.at(-1)}`)
  const queue = await queueAt(db)
  if (queue > queueVersion) throw tooNew(`its queue is at ${queue}, and this one knows ${queueVersion}`)
}

const tooNew = (what: string) => new ProctorError('database_too_new', `the database was migrated by a later proctor: ${what}`)

/** The migrations that a database has had. */
async function applied(db: Db): Promise<readonly string[]> {
  if (!(await isThere(db, 'proctor.migrations'))) return []
  const { rows } = await sql<{ name: string }>`SELECT name FROM proctor.migrations ORDER BY name`.execute(db)
  return rows.map(({ name }) => name)
}

async function queueAt(db: Db): Promise<number> {
  if (!(await isThere(db, 'pgboss.version'))) return 0
  const { rows } = await sql<{ version: number }>`SELECT version FROM pgboss.version`.execute(db)
  return rows[0]?.version ?? 0
}

async function isThere(db: Db, table: string): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`SELECT to_regclass(${table}) IS NOT NULL AS there`.execute(db)
  return rows[0]?.there === true
}
