import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { ProctorError } from '../../../runner/domain/error.ts'
import { first } from './migrations/001-first.ts'
import { blobUses } from './migrations/002-blob-uses.ts'
import type { Db } from './pool.ts'

/** Forward only, in their order; one that was released is never edited. PostgreSQL 15 must understand it. */
const migrations: Readonly<Record<string, readonly string[]>> = { '001-first': first, '002-blob-uses': blobUses }

/** The versions of the store's tables, oldest first. */
export const versions: readonly string[] = Object.keys(migrations)

/**
 * Brings the tables up to date, up to `version` when it is given. Safe when several processes do it at once. Throws `database_too_new`
 * for tables that a later proctor has migrated.
 */
export async function migrate(db: Db, version?: string): Promise<void> {
  await refuseNewer(db)
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

/** Throws `database_too_new` when the tables know a version that this proctor does not. */
export async function refuseNewer(db: Db): Promise<void> {
  const found = await sql<{ there: boolean }>`SELECT to_regclass('proctor.migrations') IS NOT NULL AS there`.execute(db)
  if (!found.rows[0]?.there) return
  const { rows } = await sql<{ name: string }>`SELECT name FROM proctor.migrations ORDER BY name`.execute(db)
  const unknown = rows.filter(({ name }) => !versions.includes(name))
  if (unknown.length > 0)
    throw new ProctorError(
      'database_too_new',
      `the database was migrated by a later proctor (${unknown.map(({ name }) => name).join(', ')}); this one knows ${versions.at(-1)}`,
    )
}
