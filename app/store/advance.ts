import type { Updateable } from 'kysely'
import type { EvaluationState, Evaluations } from './database/evaluation-tables.ts'
import type { Db } from './database/pool.ts'
import type { Trx, Within } from './queue.ts'

export const ends: readonly EvaluationState[] = ['done', 'cancelled', 'failed']

type Step = {
  readonly id: string
  readonly from: readonly EvaluationState[]
  readonly set: Omit<Updateable<Evaluations>, 'state'> & { readonly state: EvaluationState }
  /** It must still be about this commit. */
  readonly sha?: string
}

/** Takes an evaluation from one of some states to another. False when it was in none of them: nobody else's step is overtaken. */
export async function advance(db: Db | Trx, { id, from, set, sha }: Step): Promise<boolean> {
  const finishedAt = ends.includes(set.state) ? { finishedAt: new Date() } : {}
  const { numUpdatedRows } = await db
    .updateTable('evaluations')
    .set({ ...set, ...finishedAt, changedAt: new Date() })
    .where('id', '=', id)
    .where('state', 'in', from)
    .$if(sha !== undefined, (query) => query.where('headSha', '=', sha ?? ''))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

type Ending = { readonly ids: readonly string[]; readonly state: 'cancelled' | 'failed'; readonly note: string }

/**
 * Ends evaluations that have not ended, takes their jobs out of the queue or out of the hands that hold them, and has each shown. Returns
 * those that it ended.
 */
export async function endAll({ trx, queue }: { trx: Trx; queue: Within }, { ids, state, note }: Ending): Promise<readonly string[]> {
  if (ids.length === 0) return []
  const ended = await trx
    .updateTable('evaluations')
    .set({ state, note, finishedAt: new Date(), changedAt: new Date() })
    .where('id', 'in', ids)
    .where('state', 'not in', ends)
    .returning(['id', 'planJob'])
    .execute()
  if (ended.length === 0) return []
  const endedIds = ended.map(({ id }) => id)
  const chunks = await trx.selectFrom('chunks').select('jobId').where('evaluationId', 'in', endedIds).where('state', '=', 'due').execute()
  await queue.cancel(
    trx,
    'plan',
    ended.flatMap(({ planJob }) => planJob ?? []),
  )
  await queue.cancel(
    trx,
    'chunk',
    chunks.map(({ jobId }) => jobId),
  )
  for (const id of endedIds) await queue.send(trx, 'publish', { evaluation: id }, { singletonKey: id })
  return endedIds
}
