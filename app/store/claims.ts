import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import type { ErrorLine } from './database/evaluation-tables.ts'
import { json } from './database/json.ts'
import type { Db } from './database/pool.ts'
import type { Jobs } from './jobs.ts'
import type { Attempt, Trx, Within } from './queue.ts'

/** A job in a worker's hands. `fence` names the try: what holds an earlier one changes nothing any more. */
export type Claim = Attempt & {
  readonly kind: 'plan' | 'chunk'
  readonly evaluation: string
  readonly organisation: string
  readonly shard?: { readonly index: number; readonly of: number }
}
type Turn = { readonly organisation: string; readonly plan: number | null; readonly chunk: number | null }
type Claiming = { readonly worker: string; readonly waitMs: number; readonly signal?: AbortSignal }

const lookEveryMs = 250

/** Which worker has which job. */
export const claimsIn = (db: Db, queue: Within) => ({
  /**
   * The next job for a worker, waiting for one up to `waitMs`. Organisations take turns: that with the least in hands comes first, then that
   * which was served longest ago; within one the higher priority. A worker gets only jobs of the organisations that it registered for.
   */
  async next({ worker, waitMs, signal }: Claiming): Promise<Claim | undefined> {
    const until = Date.now() + waitMs
    const known = await db
      .updateTable('workers')
      .set({ seenAt: new Date() })
      .where('id', '=', worker)
      .returning('organisations')
      .executeTakeFirst()
    if (!known) return undefined
    for (;;) {
      const claim = await claimNext({ db, queue, worker, organisations: known.organisations })
      if (claim) return claim
      const left = until - Date.now()
      if (left <= 0 || signal?.aborted) return undefined
      await wait(Math.min(left, lookEveryMs), undefined, signal && { signal }).catch(() => {})
    }
  },

  /** Whether it was given out as it stands here: one that names another evaluation, organisation or part than its job has is nobody's. */
  async isGiven({ job, fence, kind, evaluation, organisation, shard }: Claim): Promise<boolean> {
    const row = await db
      .selectFrom('claims')
      .leftJoin('chunks', 'chunks.jobId', 'claims.jobId')
      .select('chunks.index')
      .where('claims.jobId', '=', job)
      .where('claims.fence', '=', fence)
      .where('claims.kind', '=', kind)
      .where('claims.evaluationId', '=', evaluation)
      .where('claims.organisation', '=', organisation)
      .executeTakeFirst()
    return row !== undefined && (row.index ?? undefined) === shard?.index
  },

  /** Says that it is still worked on. False when it was cancelled or given to another: nothing more of it is kept. */
  beat: (claim: Claim): Promise<boolean> => queue.touch(undefined, claim.kind, claim),

  /** The machine failed: the job is tried again, as long as it may be. False when the claim was lost. */
  fail: (claim: Claim, error: ErrorLine): Promise<boolean> => queue.fail(undefined, claim.kind, claim, `${error.code}: ${error.message}`),

  /** Asks web to seal credentials for this claim and the holder of this key. False when the claim was lost. */
  want: (claim: Claim, names: readonly string[], publicKey: string): Promise<boolean> =>
    db.transaction().execute(async (trx) => {
      if (!(await queue.touch(trx, claim.kind, claim))) return false
      await claimed(trx, claim)
        .set({ wanted: json(names), publicKey, sealed: null })
        .execute()
      await queue.send(trx, 'seal', { job: claim.job, fence: claim.fence })
      return true
    }),

  /** What was asked for by `want`, for which evaluation, as long as the claim holds. */
  wanted: ({ job, fence }: Attempt) =>
    db
      .selectFrom('claims')
      .innerJoin('evaluations', 'evaluations.id', 'claims.evaluationId')
      .select(['claims.evaluationId', 'evaluations.organisation', 'claims.wanted', 'claims.publicKey'])
      .where('claims.jobId', '=', job)
      .where('claims.fence', '=', fence)
      .where(
        sql<boolean>`EXISTS (
          SELECT 1 FROM pgboss.job j
          WHERE j.name = claims.kind AND j.id = claims.job_id AND j.state = 'active' AND j.retry_count = claims.fence
            AND j.data ->> 'evaluation' = claims.evaluation_id::text
        )`,
      )
      .executeTakeFirst(),

  /** Puts what was sealed where its worker finds it. */
  async seal(attempt: Attempt, sealed: unknown): Promise<void> {
    await claimed(db, attempt)
      .set({ sealed: json(sealed) })
      .execute()
  },

  /** What web sealed for this claim, once it has. */
  async sealed(attempt: Attempt): Promise<unknown> {
    const row = await db
      .selectFrom('claims')
      .select('sealed')
      .where('jobId', '=', attempt.job)
      .where('fence', '=', attempt.fence)
      .executeTakeFirst()
    return row?.sealed ?? undefined
  },
})

const claimed = (db: Db | Trx, { job, fence }: Attempt) => db.updateTable('claims').where('jobId', '=', job).where('fence', '=', fence)

type Next = { readonly db: Db; readonly queue: Within; readonly worker: string; readonly organisations: readonly string[] | null }

async function claimNext({ db, queue, worker, organisations }: Next): Promise<Claim | undefined> {
  const all = await turns(db, queue)
  for (const turn of all) {
    if (organisations && !organisations.includes(turn.organisation)) continue
    const others = all.map(({ organisation }) => organisation).filter((other) => other !== turn.organisation)
    for (const kind of kindsOf(turn)) {
      const claim = await claimOf({ db, queue, worker, kind, organisation: turn.organisation, others })
      if (claim) return claim
    }
  }
  return undefined
}

/** Organisations with something that may be done now, in the order of their turn; `plan` and `chunk` are the highest priorities. */
async function turns(db: Db, queue: Within): Promise<readonly Turn[]> {
  const open = (name: 'plan' | 'chunk') =>
    sql`SELECT group_id, name, priority, state, start_after FROM ${sql.id('pgboss', queue.table(name))} WHERE state < 'completed'`
  const { rows } = await sql<Turn>`
    SELECT group_id AS organisation,
           max(priority) FILTER (WHERE name = 'plan' AND state < 'active' AND start_after <= now()) AS plan,
           max(priority) FILTER (WHERE name = 'chunk' AND state < 'active' AND start_after <= now()) AS chunk
    FROM (${open('plan')} UNION ALL ${open('chunk')}) AS open
    GROUP BY group_id
    ORDER BY count(*) FILTER (WHERE state = 'active'),
             (SELECT max(claimed_at) FROM proctor.claims WHERE organisation = group_id) NULLS FIRST,
             min(priority) DESC`.execute(db)
  return rows
}

/** A plan is short and makes work for everybody: of equals it comes first. */
function kindsOf({ plan, chunk }: Turn): readonly ('plan' | 'chunk')[] {
  if (plan === null) return chunk === null ? [] : ['chunk']
  if (chunk === null) return ['plan']
  return plan >= chunk ? ['plan', 'chunk'] : ['chunk', 'plan']
}

type Of = Omit<Next, 'organisations'> & {
  readonly kind: 'plan' | 'chunk'
  readonly organisation: string
  readonly others: readonly string[]
}

async function claimOf({ db, queue, worker, kind, organisation, others }: Of): Promise<Claim | undefined> {
  return db
    .transaction()
    .execute(async (trx) => {
      const job = await queue.fetch(trx, kind, others)
      if (!job) return undefined
      // Of an organisation that came in between: as if it had not been fetched.
      if (job.groupId !== organisation) throw new Elsewhere()
      const { evaluation } = job.data
      const claim = { job: job.id, fence: job.retryCount, kind, evaluation, organisation }
      await trx
        .insertInto('claims')
        .values({ jobId: claim.job, fence: claim.fence, kind, workerId: worker, evaluationId: evaluation, organisation })
        .onConflict((conflict) => conflict.columns(['jobId', 'fence']).doUpdateSet({ workerId: worker, claimedAt: new Date() }))
        .execute()
      return { ...claim, ...shardOf(job.data) }
    })
    .catch((error: unknown) => {
      if (error instanceof Elsewhere) return undefined
      throw error
    })
}
class Elsewhere extends Error {}

const shardOf = (data: Jobs['plan'] | Jobs['chunk']) => ('index' in data ? { shard: { index: data.index, of: data.of } } : {})
