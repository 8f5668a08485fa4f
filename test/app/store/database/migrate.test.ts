import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { connect } from '../../../../app/store/connect.ts'
import { queueVersion, versions } from '../../../../app/store/database/migrate.ts'
import { openStore } from '../../../../app/store/open.ts'
import { freshDatabase } from '../../../support/postgres.ts'
import { engines, freshPlace, openAt, type Place } from '../../../support/stores.ts'

/** As pg_dump wrote it; of the later versions there is only what each of them added, with a row in every new table. */
async function snapshot(version: string): Promise<string> {
  const parts: string[] = []
  for (const name of versions.slice(0, versions.indexOf(version) + 1).reverse()) {
    parts.unshift(await readFile(join(import.meta.dirname, 'versions', `${name}.sql`), 'utf8'))
    if (parts[0]?.startsWith('CREATE SCHEMA')) break
  }
  return parts.join('\n')
}

/** As a database was that an earlier proctor left, with a row in every table. */
async function leftAt(version: string, place: Place) {
  const tables = await snapshot(version)
  await using connection = await connect(place.options)
  const client = await connection.pool.connect()
  await client.query('DROP SCHEMA IF EXISTS proctor CASCADE')
  await client.query(tables)
  client.release()
}

/** Everything about the tables that matters: columns, keys and indexes. */
async function shapeOf(place: Place): Promise<readonly unknown[]> {
  await using opened = await openAt(place)
  const columns = `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'proctor'`
  const keys = `SELECT conrelid::regclass::text AS table, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE connamespace = 'proctor'::regnamespace AND contype <> 'n'`
  const indexes = `SELECT indexdef FROM pg_indexes WHERE schemaname = 'proctor'`
  const rows = await Promise.all([columns, keys, indexes].map((text) => opened.query(text)))
  return rows.map((all) => all.map((row) => JSON.stringify(row)).toSorted())
}

describe.each(engines)('migrations in %s', (engine) => {
  // Each on the server; the embedded database, which takes seconds to start, goes through all of them from the first.
  test.each(versions.slice(0, engine === 'embedded' ? 1 : -1))('bring %s up to date, and lose nothing', async (version) => {
    await using place = await freshPlace(engine, { masterKey: 'the passphrase of this snapshot' })
    await leftAt(version, place)
    {
      await using opened = await openAt(place)
      const { store } = opened
      const id = '11111111-1111-4111-8111-111111111111'
      expect(await store.evaluations.find(id)).toMatchObject({ organisation: 'acme', state: 'done', headTree: { name: 'tree.tar' } })
      expect(await store.deliveries.find('d-1')).toMatchObject({ body: { ref: 'refs/heads/main \0' }, state: 'handled' })
      expect(await store.results.of(id)).toMatchObject([{ grade: { verdict: 'pass' }, record: { ended: { as: 'completed' } } }])
      expect(await store.verdicts.find(id)).toMatchObject({ revision: 3, conclusion: 'success' })
      expect(await store.checkRuns.byGithubId(42)).toMatchObject({ name: 'proctor' })
      expect(await store.outbox.due(id)).toMatchObject([{ kind: 'comment', payload: { body: 'x' } }])
      expect(await store.feedback.forEvaluation(id)).toMatchObject([{ author: 'octocat', rating: 'fail' }])
      expect(await store.expected.forEvaluation(id)).toMatchObject([{ name: 'answer.json' }])
      expect(await store.quarantine.of(9)).toHaveLength(1)
      expect(await store.baselines.of(9, 'fixer', 'parser')).toHaveLength(1)
      expect(await store.agents.versions(9, 'fixer')).toMatchObject([{ tag: 'v1' }])
      expect(await store.installations.repo(9)).toMatchObject({ defaultBranch: 'main' })
      expect(await store.workers.find('66666666-6666-4666-8666-666666666666')).toMatchObject({ organisations: ['acme'] })
      expect(await store.credentials.open('acme', ['OPENAI_API_KEY'])).toEqual(new Map([['OPENAI_API_KEY', 'sk-of-the-snapshot']]))
      expect(await opened.query('SELECT * FROM proctor.accounts')).toEqual([{ account_id: 5_000_000_001, login: 'acme' }])
      expect(await opened.query('SELECT name FROM proctor.migrations ORDER BY name')).toEqual(versions.map((name) => ({ name })))
    }
    await using fresh = await freshPlace(engine)
    expect(await shapeOf(place)).toEqual(await shapeOf(fresh))
  })

  test.each([
    ['tables', `INSERT INTO proctor.migrations (name, timestamp) VALUES ('999-of-the-future', '2030-01-01')`],
    ['queue', `UPDATE pgboss.version SET version = ${queueVersion + 1}`],
  ])('a database whose %s a later proctor has migrated is refused, and left as it is', async (_, statement) => {
    await using place = await freshPlace(engine)
    await (await openStore(place.options))[Symbol.asyncDispose]()
    {
      await using connection = await connect(place.options)
      const client = await connection.pool.connect()
      await client.query('ALTER TABLE proctor.tags RENAME TO of_the_future')
      await client.query(statement)
      client.release()
    }
    await expect(openStore(place.options)).rejects.toMatchObject({ code: 'database_too_new' })
    await using connection = await connect(place.options)
    const client = await connection.pool.connect()
    const { rows } = await client.query(
      `SELECT to_regclass('proctor.tags') AS tags, to_regclass('proctor.of_the_future') IS NOT NULL AS there`,
    )
    expect(rows).toEqual([{ tags: null, there: true }])
    client.release()
  })

  test('know the version of the queue that is installed', async () => {
    await using place = await freshPlace(engine)
    await using opened = await openAt(place)
    expect(await opened.query('SELECT version FROM pgboss.version')).toEqual([{ version: queueVersion }])
  })
})

test('of many processes that come to an empty server at once each finds it whole', async () => {
  await using database = await freshDatabase()
  const options = { folder: '/nowhere', databaseUrl: database.url }
  const stores = await Promise.all(Array.from({ length: 5 }, () => openStore(options)))
  for (const store of stores) expect(await store.evaluations.live()).toEqual([])
  await using place = await freshPlace('postgres')
  expect(await shapeOf({ ...place, options })).toEqual(await shapeOf(place))
  for (const store of stores) await store[Symbol.asyncDispose]()
})
