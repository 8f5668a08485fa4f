import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { sendConclude } from './chunks.ts'
import type { EvaluationState } from './database/evaluation-tables.ts'
import type { Db } from './database/pool.ts'
import { sendFetch, sendPlan } from './evaluations.ts'
import type { Trx, Within } from './queue.ts'

/** `why`: what its last try failed of, if it is known. */
export type Stuck = { readonly id: string; readonly state: EvaluationState; readonly askedAt: Date; readonly why: string | null }

/** Evaluations that nobody works on although they have not ended: whatever went wrong, they are found here. */
export const stuckIn = (db: Db, queue: Within) => ({
  /** Those that have been in their state since before `since` and whose next job is not in the queue. */
  async find(since: Date, limit = 100): Promise<Stuck[]> {
    const { rows } = await sql<Stuck>`
      SELECT e.id, e.state, e.asked_at, t.error AS why FROM proctor.evaluations e
      LEFT JOIN proctor.troubles t ON t.evaluation_id = e.id AND t.work = 'fetch' AND e.state = 'queued'
      WHERE e.changed_at < ${since} AND (t.not_before IS NULL OR t.not_before <= now())
        AND NOT EXISTS (SELECT 1 FROM pgboss.job j WHERE j.name = 'lost' AND j.state < 'completed' AND j.data ->> 'evaluation' = e.id::text)
        AND CASE e.state
          WHEN 'queued' THEN NOT ${waits('fetch')}
          WHEN 'concluding' THEN NOT ${waits('conclude')}
          WHEN 'planning' THEN NOT EXISTS (SELECT 1 FROM pgboss.job j WHERE j.name = 'plan' AND j.id = e.plan_job AND j.state < 'completed')
          WHEN 'running' THEN NOT EXISTS (SELECT 1 FROM proctor.chunks c WHERE c.evaluation_id = e.id AND c.state = 'due')
            OR EXISTS (SELECT 1 FROM proctor.chunks c WHERE c.evaluation_id = e.id AND c.state = 'due'
              AND NOT EXISTS (SELECT 1 FROM pgboss.job j WHERE j.name = 'chunk' AND j.id = c.job_id AND j.state < 'completed'))
          ELSE false
        END
      ORDER BY e.changed_at LIMIT ${limit}`.execute(db)
    return rows
  },

  /** Puts the job into the queue that takes it on from where it is. False: it has ended, or it waits for a person. */
  requeue: (id: string): Promise<boolean> => db.transaction().execute((trx) => requeue({ trx, queue }, id)),
})

const waits = (name: 'fetch' | 'conclude') =>
  sql`EXISTS (SELECT 1 FROM pgboss.job j WHERE j.name = ${sql.lit(name)} AND j.state < 'completed' AND j.singleton_key = e.id::text)`

async function requeue({ trx, queue }: { trx: Trx; queue: Within }, id: string): Promise<boolean> {
  const row = await trx
    .updateTable('evaluations')
    .set({ changedAt: new Date() })
    .where('id', '=', id)
    .returning(['state', 'organisation', 'priority'])
    .executeTakeFirst()
  switch (row?.state) {
    case 'queued':
      await sendFetch({ trx, queue }, { id, priority: row.priority })
      return true
    case 'concluding':
      await sendConclude({ trx, queue }, id)
      return true
    case 'planning':
      await planAgain({ trx, queue }, id)
      return true
    case 'running':
      await chunksAgain({ trx, queue }, { id, organisation: row.organisation, priority: row.priority })
      return true
    default:
      return false
  }
}

async function planAgain({ trx, queue }: { trx: Trx; queue: Within }, id: string) {
  const planJob = randomUUID()
  const { planJob: before } = await trx.selectFrom('evaluations').select('planJob').where('id', '=', id).executeTakeFirstOrThrow()
  await queue.cancel(trx, 'plan', before ? [before] : [])
  await trx.updateTable('evaluations').set({ planJob }).where('id', '=', id).execute()
  await sendPlan({ trx, queue }, id, planJob)
}

type Of = { readonly id: string; readonly organisation: string; readonly priority: number }

/** Chunks that are due and whose job is gone get a new one; when none is due, what comes after them is due. */
async function chunksAgain({ trx, queue }: { trx: Trx; queue: Within }, { id, organisation, priority }: Of) {
  const chunks = await trx.selectFrom('chunks').select(['index', 'state', 'jobId']).where('evaluationId', '=', id).execute()
  const due = chunks.filter(({ state }) => state === 'due')
  if (due.length === 0) {
    await trx.updateTable('evaluations').set({ state: 'concluding' }).where('id', '=', id).execute()
    await sendConclude({ trx, queue }, id)
  }
  const alive = await queue.alive(
    trx,
    'chunk',
    due.map(({ jobId }) => jobId),
  )
  for (const { index, jobId } of due) {
    if (alive.has(jobId)) continue
    const next = randomUUID()
    await trx.updateTable('chunks').set({ jobId: next }).where('evaluationId', '=', id).where('index', '=', index).execute()
    const data = { evaluation: id, index, of: chunks.length }
    await queue.send(trx, 'chunk', data, { id: next, priority, group: { id: organisation } })
  }
}
