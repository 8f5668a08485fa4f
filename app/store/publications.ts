import { sql } from 'kysely'
import type { EvaluationState } from './database/evaluation-tables.ts'
import type { Db } from './database/pool.ts'

type Shown = { readonly id: string; readonly state: EvaluationState; readonly results: number }

/** What GitHub was told of evaluations, and what it has still to be told. */
export const publicationsIn = (db: Db) => ({
  /**
   * Evaluations whose state since before `since`, or a letter of whose, is not on GitHub although nobody is about to write it; those first
   * that have waited longest. What did not work comes back later each time, so that nothing of it stands in the way of the others.
   */
  async due(since: Date, limit = 100): Promise<readonly string[]> {
    const { rows } = await sql<{ id: string }>`
      SELECT due.id FROM (
        SELECT id, changed_at AS since FROM proctor.evaluations WHERE shown IS DISTINCT FROM state AND changed_at < ${since}
        UNION ALL
        SELECT o.evaluation_id, o.not_before FROM proctor.outbox o JOIN proctor.evaluations e ON e.id = o.evaluation_id
        WHERE o.state = 'due' AND o.not_before <= now() AND e.state IN ('done', 'cancelled', 'failed')
      ) due
      LEFT JOIN proctor.troubles t ON t.evaluation_id = due.id AND t.work = 'publish'
      WHERE (t.not_before IS NULL OR t.not_before <= now())
        AND NOT EXISTS (
          SELECT 1 FROM pgboss.job j WHERE j.name = 'publish' AND j.state < 'completed' AND j.singleton_key = due.id::text)
      GROUP BY due.id ORDER BY min(coalesce(t.not_before, due.since)) LIMIT ${limit}`.execute(db)
    return rows.map(({ id }) => id)
  },

  /** GitHub shows it as it was in this state, with so many results. */
  async shown({ id, state, results }: Shown): Promise<void> {
    await db.updateTable('evaluations').set({ shown: state, shownAt: new Date(), shownResults: results }).where('id', '=', id).execute()
    await db.deleteFrom('troubles').where('evaluationId', '=', id).where('work', '=', 'publish').execute()
  },

  /** Nothing of what an evaluation is now will be shown any more: its open check runs are left as they are, and its letters are not sent. */
  giveUp: (id: string, state: EvaluationState, why: string): Promise<void> =>
    db.transaction().execute(async (trx) => {
      await trx.updateTable('evaluations').set({ shown: state }).where('id', '=', id).execute()
      await trx
        .updateTable('checkRuns')
        .set({ status: 'given_up', updatedAt: new Date() })
        .where('evaluationId', '=', id)
        .where('status', '!=', 'completed')
        .execute()
      await trx
        .updateTable('outbox')
        .set({ state: 'gone', error: why, doneAt: new Date() })
        .where('evaluationId', '=', id)
        .where('state', '=', 'due')
        .execute()
      await trx.deleteFrom('troubles').where('evaluationId', '=', id).where('work', '=', 'publish').execute()
    }),

  /**
   * Evaluations that run and have more results than GitHub shows, those first that were shown longest ago; each at most once in `everyMs`.
   * None while more than `busy` could be shown at this moment: what has ended comes first.
   */
  async behind(everyMs: number, busy = 20): Promise<readonly string[]> {
    const { rows } = await sql<{ id: string }>`
      SELECT e.id FROM proctor.evaluations e
      LEFT JOIN proctor.troubles t ON t.evaluation_id = e.id AND t.work = 'publish'
      WHERE e.state = 'running'
        AND (SELECT count(*) FROM pgboss.job WHERE name = 'publish' AND state < 'active' AND start_after <= now()) <= ${busy}
        AND (t.not_before IS NULL OR t.not_before <= now())
        AND (e.shown IS DISTINCT FROM 'running' OR (
          e.shown_at <= now() - ${everyMs} * interval '1 millisecond'
          AND e.shown_results IS DISTINCT FROM (SELECT count(*) FROM proctor.results r WHERE r.evaluation_id = e.id)))
      ORDER BY e.shown_at NULLS FIRST LIMIT ${busy}`.execute(db)
    return rows.map(({ id }) => id)
  },
})
