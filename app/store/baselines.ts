import { type Selectable, sql } from 'kysely'
import type { Db } from './database/pool.ts'
import type { Baselines } from './database/tables.ts'

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
