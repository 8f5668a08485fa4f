import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../../../app/store/open.ts'
import { openWorkerStore, type WorkerStore } from '../../../../app/store/open-worker.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakePlan } from '../../../fakes/plans.ts'
import { fakeResult } from '../../../fakes/results.ts'
import { asked, claimed, freshId, planning, running, someBlob, somePlan } from '../../../support/asked.ts'
import { execute, freshDatabase, ownCluster } from '../../../support/postgres.ts'
import { freshPlace, type Opened, openAt, type Place } from '../../../support/stores.ts'

/** Roles belong to the whole server, which other tests use too. */
const name = (what: string) => `w_${what}_${randomUUID().slice(0, 8)}`
const password = 'a-password-of-a-worker'

const urlOf = (place: Place, login: string): string => {
  const url = new URL(String(place.options.databaseUrl).replace('postgres://postgres@/', 'postgres://postgres@localhost/'))
  url.username = login
  url.password = password
  return url.href.replace('@localhost/', '@/')
}

let place: Place
let opened: Opened
const logins = { acme: name('acme'), all: name('all') }
const acme = `acme-${freshId()}`
const rival = `rival-${freshId()}`
beforeAll(async () => {
  place = await freshPlace('postgres', { masterKey: 'a passphrase' })
  opened = await openAt(place)
  await opened.store.workerLogins.restrict({ login: logins.acme, password, organisations: [acme.toUpperCase()] })
  await opened.store.workerLogins.restrict({ login: logins.all, password })
})
afterAll(async () => {
  const roles =
    (await opened?.query<{ rolname: string }>(`SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)`, [Object.values(logins)])) ?? []
  for (const { rolname } of roles) await opened.query(`DROP ROLE ${rolname}`)
  await opened?.[Symbol.asyncDispose]()
  await place?.[Symbol.asyncDispose]()
})
const storeAs = (login: string): Promise<WorkerStore> => openWorkerStore({ folder: '/nowhere', databaseUrl: urlOf(place, login) })

describe('a worker with a login of its own', () => {
  test('does all of its work: plans, runs, keeps, asks for credentials, fails and finishes', async () => {
    await using store = await storeAs(logins.acme)
    const { store: owner } = opened
    const repoId = freshId()
    await owner.installations.saveRepos([{ id: repoId, installationId: 7, owner: acme, name: 'orders', private: true }])
    const { id } = await planning(owner, { organisation: acme, repoId })
    const worker = await store.workers.register({ name: 'box', publicKey: 'key' })
    const plan = await store.claims.next({ worker, waitMs: 5000 })
    if (!plan) throw new Error('there was no plan to claim')
    expect(await store.evaluations.find(id)).toMatchObject({ organisation: acme, headTree: someBlob })
    expect(await store.installations.repo(repoId)).toMatchObject({ name: 'orders' })
    expect(await store.claims.beat(plan)).toBe(true)
    const gate = { minPassRate: 1, noRegressions: true }
    const batches = [{ eval: 'parser', agent: 'fixer', proposed: false, gate, samples: [{ id: 'quoted-comma' }] }]
    expect(await store.chunks.planned(plan, { id: somePlan, blob: someBlob, batches, chunks: 2, uses: [somePlan] })).toBe(true)
    const first = await store.claims.next({ worker, waitMs: 5000 })
    const second = await store.claims.next({ worker, waitMs: 5000 })
    if (!first || !second) throw new Error('there were no chunks to claim')
    expect(await store.claims.want(first, ['KEY'], 'key')).toBe(true)
    expect(await owner.claims.wanted(first)).toMatchObject({ organisation: acme, wanted: ['KEY'] })
    await owner.claims.seal(first, { box: 'AA' })
    expect(await store.claims.sealed(first)).toEqual({ box: 'AA' })
    const [run] = fakePlan().batches[0]?.runs ?? []
    if (!run) throw new Error('one run')
    const result = await fakeResult(run, memoryBlobs())
    expect(await store.results.keep(first, result)).toBe(true)
    expect(await store.results.keep(first, result)).toBe(true)
    expect(await store.results.of(id)).toHaveLength(1)
    expect(await store.results.find(id, run.keys)).toEqual({ record: result.record, grade: result.grade })
    expect(await store.results.earlier(repoId, run.keys)).toMatchObject({ grade: { verdict: 'pass' } })
    expect(await store.chunks.finish(first)).toBe(true)
    let held = second
    for (let tries = 0; tries < 9; tries++) {
      expect(await store.claims.fail(held, { code: 'sandbox_lost', message: 'gone' })).toBe(true)
      await opened.query('UPDATE pgboss.job SET start_after = now() WHERE id = $1', [held.job])
      const again = await store.claims.next({ worker, waitMs: 0 })
      if (again) held = again
    }
    expect(await opened.query(`SELECT data FROM pgboss.job WHERE name = 'lost' AND source_id = $1`, [held.job])).toHaveLength(1)
    const { id: next } = await running(owner, { organisation: acme, repoId })
    expect(await store.chunks.finish(await claimed(store, worker))).toBe(true)
    expect((await owner.evaluations.find(next))?.state).toBe('concluding')
    const { id: refused } = await planning(owner, { organisation: acme, repoId })
    const claim = await store.claims.next({ worker, waitMs: 5000 })
    expect(claim && (await store.chunks.refused(claim, [{ code: 'internal_error', message: 'x' }]))).toBe(true)
    expect((await owner.evaluations.find(refused))?.state).toBe('concluding')
  })

  test('for all organisations gets the jobs of all', async () => {
    await using store = await storeAs(logins.all)
    const worker = await store.workers.register({ name: 'any', publicKey: 'key' })
    const { id } = await planning(opened.store, { organisation: rival })
    const claim = await store.claims.next({ worker, waitMs: 5000 })
    expect(claim).toMatchObject({ evaluation: id, organisation: rival })
    expect(claim && (await store.chunks.refused(claim, []))).toBe(true)
  })

  test('is not given the jobs of another organisation, whatever it registers for, and sees nothing of it', async () => {
    await using store = await storeAs(logins.acme)
    const { store: owner } = opened
    const repoId = freshId()
    await owner.installations.saveRepos([{ id: repoId, installationId: 7, owner: rival, name: 'secret', private: true }])
    const { id, worker: theirs } = await running(owner, { organisation: rival, repoId })
    const [run] = fakePlan().batches[0]?.runs ?? []
    if (!run) throw new Error('one run')
    const result = await fakeResult(run, memoryBlobs())
    await owner.results.insert(id, result)
    for (const organisations of [[rival], undefined]) {
      const worker = await store.workers.register({ name: 'liar', publicKey: 'key', ...(organisations && { organisations }) })
      expect(await store.claims.next({ worker, waitMs: 300 })).toBeUndefined()
    }
    expect(await store.claims.next({ worker: theirs, waitMs: 0 })).toBeUndefined()
    expect(await store.evaluations.find(id)).toBeUndefined()
    expect(await store.installations.repo(repoId)).toBeUndefined()
    expect(await store.results.of(id)).toEqual([])
    expect(await store.results.earlier(repoId, run.keys)).toBeUndefined()
    const claim = await claimed(owner, theirs)
    expect(await store.claims.beat(claim)).toBe(false)
    expect(await store.results.keep(claim, result)).toBe(false)
    expect(await store.claims.fail(claim, { code: 'sandbox_lost', message: 'x' })).toBe(false)
    expect(await store.claims.want(claim, ['KEY'], 'key')).toBe(false)
    expect(await store.chunks.finish(claim)).toBe(false)
    expect(await owner.chunks.finish(claim)).toBe(true)
  })
})

describe("a worker's login is refused", () => {
  const victim = async () => {
    const { id } = await running(opened.store, { organisation: rival })
    await opened.store.credentials.set({ organisation: acme, name: 'KEY', value: 'secret', by: 'octocat' })
    await opened.store.deliveries.receive({ id: randomUUID(), event: 'push', bodyDigest: randomUUID(), body: {} })
    return id
  }
  const denied = /permission denied|row-level security/

  test.each([
    ['credentials', 'SELECT * FROM proctor.credentials'],
    ["the master key's proof", 'SELECT * FROM proctor.master_keys'],
    ['deliveries', 'SELECT body FROM proctor.deliveries'],
    ['a forged delivery', `INSERT INTO proctor.deliveries (id, event, body_digest, body) VALUES ('x', 'push', 'x', '{}')`],
    ['installations', 'SELECT * FROM proctor.installations'],
    ['what is to be written on GitHub', 'SELECT * FROM proctor.outbox'],
    ['a forged letter', `INSERT INTO proctor.outbox (id, kind, key, payload) VALUES (gen_random_uuid(), 'comment', 'k', '{}')`],
    [
      'a forged verdict',
      `INSERT INTO proctor.verdicts (evaluation_id, revision, conclusion) SELECT id, 1, 'success' FROM proctor.evaluations LIMIT 1`,
    ],
    ['feedback', 'SELECT * FROM proctor.feedback'],
    [
      'forged feedback',
      `INSERT INTO proctor.feedback (id, repo_id, rating, body, author, author_id, trusted, url, key) VALUES (gen_random_uuid(), 1, 'pass', '', 'x', 1, true, '', 'k')`,
    ],
    ['expected artifacts', 'SELECT * FROM proctor.expected_artifacts'],
    ['baselines', `DELETE FROM proctor.baselines`],
    ['check runs', 'SELECT * FROM proctor.check_runs'],
    ['quarantine', 'SELECT * FROM proctor.quarantined'],
    ['agents', 'SELECT * FROM proctor.agents'],
    ['who may log in', 'SELECT * FROM proctor.worker_logins'],
    ['its own rights', `UPDATE proctor.worker_logins SET organisations = NULL`],
    ['a result it kept', "UPDATE proctor.results SET verdict = 'pass'"],
    ['results to be removed', 'DELETE FROM proctor.results'],
    ['an evaluation to be removed', 'DELETE FROM proctor.evaluations'],
    ['trust', `UPDATE proctor.evaluations SET trust = 'trusted'`],
    ['the approval of a fork', `UPDATE proctor.evaluations SET approved_with_credentials = true`],
    ['the default branch', 'UPDATE proctor.evaluations SET default_branch = true'],
    ['another organisation for an evaluation', `UPDATE proctor.evaluations SET organisation = 'x'`],
    ['a new evaluation', `INSERT INTO proctor.evaluations (id) VALUES (gen_random_uuid())`],
    ['jobs of web', `SELECT * FROM pgboss.job`],
    ['jobs of web, in their own table', 'SELECT * FROM pgboss.job_common'],
    ['a job to be published', `INSERT INTO pgboss.job (name, data) VALUES ('publish', '{}')`],
    ['a job to be ingested, in its own table', `INSERT INTO pgboss.job_common (name, data) VALUES ('ingest', '{}')`],
    ['queues', 'UPDATE pgboss.queue SET retry_limit = 0'],
    ['a schedule', `INSERT INTO pgboss.schedule (name, cron) VALUES ('publish', '* * * * *')`],
    ['migrations', `INSERT INTO proctor.migrations (name, timestamp) VALUES ('999', 'x')`],
    ['row security', 'ALTER TABLE proctor.evaluations DISABLE ROW LEVEL SECURITY'],
    ['another table', 'CREATE TABLE proctor.mine (x int)'],
    ['another role', 'SET ROLE postgres'],
    ['another session', 'SET SESSION AUTHORIZATION postgres'],
    ['a program of the server', `COPY (SELECT 1) TO PROGRAM 'id'`],
  ])('%s', async (_, statement) => {
    await victim()
    const client = new pg.Client({ connectionString: urlOf(place, logins.acme) })
    await client.connect()
    try {
      await expect(client.query(statement)).rejects.toThrow(/permission denied|row-level security|must be (owner|superuser)/)
    } finally {
      await client.end()
    }
  })

  test.each([
    [
      'a claim on an evaluation of another organisation',
      (id: string) =>
        `INSERT INTO proctor.claims (job_id, fence, kind, worker_id, evaluation_id, organisation) VALUES (gen_random_uuid(), 0, 'chunk', gen_random_uuid(), '${id}', '${acme}')`,
    ],
    [
      'a result in an evaluation of another organisation',
      (id: string) =>
        `INSERT INTO proctor.results (evaluation_id, run_id, agent, eval, sample_id, side, epoch, attempt, run_key, grade_key, verdict, reusable, reused, cost_usd, result) VALUES ('${id}', 'r', 'a', 'e', 's', 'head', 1, 1, 'k', 'k', 'pass', true, false, 0, '{}')`,
    ],
    [
      "the end of another organisation's evaluation among the lost",
      (id: string) => `INSERT INTO pgboss.job (name, data, group_id) VALUES ('lost', '{"evaluation":"${id}"}', '${acme}')`,
    ],
    [
      'credentials for a claim that is not its own',
      () => `INSERT INTO pgboss.seal_queue (name, data) VALUES ('seal', '{"job":"${randomUUID()}"}')`,
    ],
    [
      "the conclusion of another organisation's evaluation",
      (id: string) => `INSERT INTO pgboss.conclude_queue (name, data) VALUES ('conclude', '{"evaluation":"${id}"}')`,
    ],
  ])('%s', async (_, statement) => {
    const id = await victim()
    const tables = await opened.query<{ name: string; table_name: string }>('SELECT name, table_name FROM pgboss.queue')
    const table = (queue: string) => String(tables.find(({ name }) => name === queue)?.table_name)
    const text = statement(id).replace('seal_queue', table('seal')).replace('conclude_queue', table('conclude'))
    const client = new pg.Client({ connectionString: urlOf(place, logins.acme) })
    await client.connect()
    try {
      await expect(client.query(text)).rejects.toThrow(denied)
    } finally {
      await client.end()
    }
  })

  test.each([
    ['its own state', 'done'],
    ['its own state', 'queued'],
  ])('%s beyond what a worker decides: %s', async (_, state) => {
    const { id } = await running(opened.store, { organisation: acme })
    const client = new pg.Client({ connectionString: urlOf(place, logins.acme) })
    await client.connect()
    try {
      await expect(client.query(`UPDATE proctor.evaluations SET state = '${state}' WHERE id = '${id}'`)).rejects.toThrow(denied)
    } finally {
      await client.end()
    }
    await opened.store.evaluations.cancel(id, 'enough')
  })

  test("another organisation's rows: nothing is changed of what it cannot see", async () => {
    const id = await victim()
    const client = new pg.Client({ connectionString: urlOf(place, logins.acme) })
    await client.connect()
    const changed = async (text: string) => (await client.query(text)).rowCount
    try {
      expect(await changed(`UPDATE proctor.evaluations SET state = 'concluding' WHERE id = '${id}'`)).toBe(0)
      expect(await changed(`UPDATE proctor.evaluations SET state = 'concluding' WHERE organisation = '${rival}'`)).toBe(0)
      expect(await changed(`UPDATE proctor.chunks SET state = 'done' WHERE evaluation_id = '${id}'`)).toBe(0)
      expect((await client.query(`SELECT * FROM proctor.claims WHERE organisation = '${rival}'`)).rows).toEqual([])
      const tables = await opened.query<{ table_name: string }>(`SELECT table_name FROM pgboss.queue WHERE name IN ('plan', 'chunk')`)
      for (const { table_name } of tables) {
        expect((await client.query(`SELECT * FROM pgboss.${table_name} WHERE group_id = '${rival}'`)).rows).toEqual([])
        expect(await changed(`DELETE FROM pgboss.${table_name} WHERE group_id = '${rival}'`)).toBe(0)
      }
    } finally {
      await client.end()
    }
  })
})

describe('a login', () => {
  test('is a member of the role with a password, and both can be replaced', async () => {
    const login = name('changing')
    const { workerLogins } = opened.store
    await workerLogins.restrict({ login, password, organisations: [acme] })
    const [role] = await opened.query<{ rolpassword: string }>('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [login])
    expect(role?.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/)
    await workerLogins.restrict({ login, password: `${password}-2`, organisations: [rival] })
    expect((await workerLogins.list()).find((row) => row.login === login)).toMatchObject({ organisations: [rival] })
    expect(await workerLogins.revoke(login)).toBe(true)
    expect(await workerLogins.revoke(login)).toBe(false)
    await expect(storeAs(login)).rejects.toThrow()
    await opened.query(`DROP ROLE ${login}`)
  })

  test.each(['postgres; DROP TABLE x', 'Upper', 'pg_monitor', 'proctor_worker', '', '1a', 'a'.repeat(64)])(
    'cannot be called %j',
    async (login) => {
      await expect(opened.store.workerLogins.restrict({ login, password })).rejects.toMatchObject({ code: 'usage_invalid' })
    },
  )

  test.each(['short', 'with a space in it, long', "quote'quote'quote'quote\n"])('cannot have the password %j', async (weak) => {
    await expect(opened.store.workerLogins.restrict({ login: 'fine', password: weak })).rejects.toMatchObject({ code: 'usage_invalid' })
  })

  test('is let in with its password alone', async () => {
    await using cluster = await ownCluster()
    const databaseUrl = cluster.url('postgres')
    await using web = await openStore({ folder: '/nowhere', databaseUrl })
    await web.workerLogins.restrict({ login: 'box', password })
    await writeFile(join(cluster.folder, 'data', 'pg_hba.conf'), 'local all postgres trust\nlocal all all scram-sha-256\n')
    await execute(databaseUrl, 'SELECT pg_reload_conf()')
    const as = (secret: string) => execute(databaseUrl.replace('postgres@', `box:${secret}@`), 'SELECT 1')
    await expect.poll(() => as('another-password-1').then(String, (error) => error.code), { timeout: 20_000 }).toBe('28P01')
    await as(password)
  })

  test('is given what a new version needs when web opens the store again', async () => {
    await opened.query('REVOKE ALL ON ALL TABLES IN SCHEMA proctor FROM proctor_worker')
    await using web = await openStore(place.options)
    await using store = await storeAs(logins.acme)
    expect(await store.evaluations.find((await web.evaluations.create(asked({ organisation: acme }))).evaluation.id)).toBeDefined()
  })
})

test('a worker does not migrate: it waits for a web of its version', async () => {
  await using database = await freshDatabase()
  await expect(openWorkerStore({ folder: '/nowhere', databaseUrl: database.url })).rejects.toMatchObject({ code: 'database_too_old' })
})
