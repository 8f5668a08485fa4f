import { type Selectable, sql } from 'kysely'
import type { Baselines } from '../database/people-tables.ts'
import type { Db } from '../database/pool.ts'
import type { OfSample } from './feedback.ts'

export type Baseline = Readonly<Selectable<Baselines>>

/** Results that people accepted as what a sample should be measured against. */
export const baselinesIn = (db: Db) => ({
  /** Makes the scored head results of an evaluation the baselines of their samples, the first epoch's. Returns of how many. */
  async accept(evaluation: string, by: string | null): Promise<number> {
    const { rows } = await sql<{ sampleId: string }>`
      INSERT INTO proctor.baselines (repo_id, agent, eval, sample_id, key, evaluation_id, run_id, accepted_by)
      SELECT DISTINCT ON (r.agent, r.eval, r.sample_id)
             e.repo_id, r.agent, r.eval, r.sample_id, r.grade_key, r.evaluation_id, r.run_id, ${by}::text
      FROM proctor.results r JOIN proctor.evaluations e ON e.id = r.evaluation_id
      WHERE r.evaluation_id = ${evaluation} AND r.side = 'head' AND r.verdict <> 'unscored'
      ORDER BY r.agent, r.eval, r.sample_id, r.epoch, r.attempt DESC
      ON CONFLICT (repo_id, agent, eval, sample_id) DO UPDATE SET
        key = excluded.key, evaluation_id = excluded.evaluation_id, run_id = excluded.run_id,
        accepted_by = excluded.accepted_by, created_at = now()
      RETURNING sample_id`.execute(db)
    return rows.length
  },

  /**
   * Samples whose failure somebody accepted, for an evaluation: in the same pull request, whatever was pushed since, or anywhere in the
   * repository for a result with the very same key. One that was accepted elsewhere says nothing about another change.
   */
  async acceptedFailures(evaluation: string): Promise<OfSample[]> {
    const { rows } = await sql<OfSample>`
      SELECT b.agent, b.eval, b.sample_id AS sample
      FROM proctor.evaluations e JOIN proctor.baselines b ON b.repo_id = e.repo_id
      WHERE e.id = ${evaluation} AND b.accepted_by IS NOT NULL
        AND (
          EXISTS (SELECT 1 FROM proctor.evaluations a WHERE a.id = b.evaluation_id AND a.pull = e.pull)
          OR EXISTS (
            SELECT 1 FROM proctor.results r
            WHERE r.evaluation_id = e.id AND r.side = 'head' AND r.grade_key = b.key
              AND r.agent = b.agent AND r.eval = b.eval AND r.sample_id = b.sample_id
          )
        )
        AND 2 * (SELECT count(*) FROM proctor.results r WHERE ${headOf('pass')}) <= (SELECT count(*) FROM proctor.results r WHERE ${headOf('pass', 'fail')})
      ORDER BY b.agent, b.eval, b.sample_id`.execute(db)
    return rows
  },

  of: (repoId: number, agent: string, title: string): Promise<Baseline[]> =>
    db
      .selectFrom('baselines')
      .selectAll()
      .where('repoId', '=', repoId)
      .where('agent', '=', agent)
      .where('eval', '=', title)
      .orderBy('sampleId')
      .execute(),
})

/** Results of the evaluation in which a sample was accepted, all its epochs. */
const headOf = (...verdicts: readonly string[]) => sql`r.evaluation_id = b.evaluation_id AND r.agent = b.agent AND r.eval = b.eval
  AND r.sample_id = b.sample_id AND r.side = 'head' AND r.verdict = ANY(${verdicts}::text[])`
