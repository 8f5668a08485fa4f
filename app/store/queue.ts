import { sql, type Transaction } from 'kysely'
import { fromKysely, type JobWithMetadata, type PgBoss } from 'pg-boss'
import { plain } from './database/plain-text.ts'
import type { Db } from './database/pool.ts'
import type { Tables } from './database/tables.ts'
import { type JobName, type Jobs, queues, type Sending } from './jobs.ts'

export type Trx = Transaction<Tables>

/** A job in somebody's hands. `signal` is aborted when it was cancelled or given to another. */
export type Held<N extends JobName> = {
  readonly id: string
  readonly data: Jobs[N]
  /** 1-based. */
  readonly attempt: number
  readonly signal: AbortSignal
  /** In `lost`: what its last try failed of. */
  readonly why?: string
}

/** What others see of the queue. */
export type Queue = {
  /** Adds a job of its own; what belongs to a row is added by that row's noun, in its transaction. Undefined: such a job is waiting already. */
  send<N extends JobName>(name: N, data: Jobs[N], options?: Sending): Promise<string | undefined>
  /** Does the queue's jobs, `atOnce` of them at a time, until the store closes. What throws is tried again. */
  work<N extends JobName>(name: N, options: { readonly atOnce?: number }, act: (job: Held<N>) => Promise<void>): Promise<void>
  /** Puts a job without data into the queue whenever `cron` (UTC) says so, by one of all processes. */
  schedule(name: 'reconcile' | 'poll' | 'retain', cron: string): Promise<void>
  /** How much waits and how much is in hands. */
  depth(name: JobName): Promise<{ readonly waiting: number; readonly active: number; readonly failed: number }>
}

/** What the nouns need of it: everything inside of a transaction. */
export type Within = {
  /** The table in `pgboss` that holds a queue's jobs. */
  table(name: JobName): string
  send<N extends JobName>(trx: Trx, name: N, data: Jobs[N], options?: Sending): Promise<string | undefined>
  sendMany<N extends JobName>(trx: Trx, name: N, jobs: readonly (Sending & { readonly data: Jobs[N] })[]): Promise<void>
  cancel(trx: Trx, name: JobName, ids: readonly string[]): Promise<void>
  /** Those of the jobs that wait or are in hands. */
  alive(trx: Trx, name: JobName, ids: readonly string[]): Promise<ReadonlySet<string>>
  /** The next job, claimed in the transaction, that belongs to none of `without`. */
  fetch<N extends JobName>(trx: Trx, name: N, without: readonly string[]): Promise<JobWithMetadata<Jobs[N]> | undefined>
  /** False: the claim was lost. Without a transaction when it stands for itself. */
  touch(trx: Trx | undefined, name: JobName, attempt: Attempt): Promise<boolean>
  complete(trx: Trx, name: JobName, attempt: Attempt): Promise<boolean>
  fail(trx: Trx | undefined, name: JobName, attempt: Attempt, why: string): Promise<boolean>
}
/** One try at a job: whoever holds an earlier one changes nothing any more. */
export type Attempt = { readonly job: string; readonly fence: number }

/**
 * A notification wakes who waits; looking is for those that are missed, and for jobs whose like was in hands just now. Where many wait, which
 * one notification told of, the next one is taken as soon as one is done.
 */
const polling = {
  heartbeatRefreshSeconds: 2,
  pollingIntervalSeconds: 1,
  notifyPollingIntervalSeconds: 2,
  burstWhenReadyExceeds: 1,
} as const

export const queueOn = (boss: PgBoss, db: Db): Queue => ({
  send: async (name, data, options = {}) => (await boss.send(name, data, options)) ?? undefined,

  async work(name, { atOnce = 1 }, act) {
    const options = { ...polling, localConcurrency: atOnce, includeMetadata: true } as const
    await boss.work(name, options, async ([job]: JobWithMetadata<Jobs[typeof name]>[]) => {
      if (!job) return
      const why = messageOf(job.sourceOutput)
      const held = { id: job.id, data: job.data, attempt: job.retryCount + 1, signal: job.signal, ...(why && { why }) }
      await act(held).catch((error: unknown) => {
        throw storable(error)
      })
    })
  },

  schedule: (name, cron) => boss.schedule(name, cron, {}, { tz: 'UTC', missed: 'once' }),

  async depth(name) {
    const { rows } = await sql<{ waiting: number; active: number; failed: number }>`
      SELECT count(*) FILTER (WHERE state < 'active') AS waiting,
             count(*) FILTER (WHERE state = 'active') AS active,
             count(*) FILTER (WHERE state = 'failed') AS failed
      FROM pgboss.job WHERE name = ${name}`.execute(db)
    return rows[0] ?? { waiting: 0, active: 0, failed: 0 }
  },
})

/** What a job failed of is kept beside it, and anybody may have written the text. */
function storable(thrown: unknown): Error {
  const error = new Error(plain(thrown instanceof Error ? thrown.message : String(thrown)))
  if (thrown instanceof Error && thrown.stack) error.stack = plain(thrown.stack)
  return error
}

/** Inside of a transaction only its own connection may be asked: an embedded database has no other, and would wait for ever. */
export const withinTransactions = (boss: PgBoss, tables: Readonly<Record<string, string>>): Within => ({
  table: (name) => tables[name] ?? 'job_common',

  send: async (trx, name, data, options = {}) => (await boss.send(name, data, { ...options, db: on(trx) })) ?? undefined,

  async sendMany(trx, name, jobs) {
    if (jobs.length > 0) await boss.insert(name, [...jobs] as Parameters<PgBoss['insert']>[1], { db: on(trx) })
  },

  async cancel(trx, name, ids) {
    if (ids.length > 0) await boss.cancel(name, [...ids], { db: on(trx) })
  },

  async alive(trx, name, ids) {
    if (ids.length === 0) return new Set()
    const { rows } = await sql<{ id: string }>`
      SELECT id FROM pgboss.job WHERE name = ${name} AND state < 'completed' AND id = ANY (${ids}::uuid[])`.execute(trx)
    return new Set(rows.map(({ id }) => id))
  },

  async fetch(trx, name, without) {
    const [job] = await boss.fetch<Jobs[typeof name]>(name, { includeMetadata: true, ignoreGroups: [...without], db: on(trx) })
    return job
  },

  touch: async (trx, name, attempt) => happened(await boss.touch(name, named(attempt), trx && { db: on(trx) })),
  complete: async (trx, name, attempt) => happened(await boss.complete(name, named(attempt), null, { db: on(trx) })),
  fail: async (trx, name, attempt, why) => happened(await boss.fail(name, named(attempt), { message: plain(why) }, trx && { db: on(trx) })),
})

const messageOf = (output: object | null) => (output && 'message' in output ? String(output.message) : undefined)
const on = (trx: Trx) => fromKysely(trx.withoutPlugins())
const named = ({ job, fence }: Attempt) => ({ id: job, retryCount: fence })
const happened = (response: object) => 'affected' in response && response.affected === 1

/** Creates every queue that is not there, with the settings of this version. */
export async function prepareQueues(boss: PgBoss, db: Db, heartbeatSeconds: number): Promise<void> {
  const known = new Map((await boss.getQueues()).map(({ name, policy }) => [name, policy]))
  for (const [name, { policy, partition, ...options }] of Object.entries(queues)) {
    const settings = { ...options, heartbeatSeconds }
    if (known.has(name)) {
      await boss.updateQueue(name, settings)
      // It cannot do that itself. A job keeps the policy that it was made under; the index of every policy is on the table of all.
      if (policy && !partition && known.get(name) !== policy)
        await sql`UPDATE pgboss.queue SET policy = ${policy} WHERE name = ${name}`.execute(db)
    } else await boss.createQueue(name, { ...settings, ...(policy && { policy }), ...(partition && { partition }) })
  }
}

/** Asks for each queue once: one that was never seen cannot be used in a transaction. Returns where the jobs of each are. */
export async function knowQueues(boss: PgBoss, names: readonly string[] = Object.keys(queues)): Promise<Readonly<Record<string, string>>> {
  for (const name of names) await boss.findJobs(name, { id: '00000000-0000-4000-8000-000000000000' })
  return Object.fromEntries((await boss.getQueues()).map(({ name, table }) => [name, table]))
}

/** Takes every job out of the hands that it is in; each is tried again, at once. */
export async function dropAll(boss: PgBoss, db: Db): Promise<void> {
  const { rows } = await sql<{ name: string; ids: string[] }>`
    SELECT name, array_agg(id) AS ids FROM pgboss.job WHERE state = 'active' GROUP BY name`.execute(db)
  for (const { name, ids } of rows) {
    await boss.fail(name, ids, { message: 'the process that had it is gone' })
    await sql`UPDATE pgboss.job SET start_after = now() WHERE name = ${name} AND id = ANY (${ids}::uuid[]) AND state = 'retry'`.execute(db)
  }
}
