import { randomUUID } from 'node:crypto'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Feedback } from '../database/people-tables.ts'
import type { Db } from '../database/pool.ts'

export type StoredFeedback = Readonly<Selectable<Feedback>>
/** `key` names the comment that it came with: said once, it counts once. */
export type NewFeedback = Readonly<Omit<Insertable<Feedback>, 'id'>>
export type OfSample = { readonly agent: string; readonly eval: string; readonly sample: string }

/** What people said of runs. */
export const feedbackIn = (db: Db) => ({
  /** False: that comment was counted before. */
  async add(feedback: NewFeedback): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('feedback')
      .values({ ...feedback, id: randomUUID() })
      .onConflict((conflict) => conflict.columns(['repoId', 'key']).doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },

  ofSample: (repoId: number, { agent, eval: title, sample }: OfSample): Promise<StoredFeedback[]> =>
    all(db).where('repoId', '=', repoId).where('agent', '=', agent).where('eval', '=', title).where('sampleId', '=', sample).execute(),

  /** On the samples of an evaluation, in whichever evaluation they were said: what its report shows beside them. */
  forEvaluation: (evaluation: string): Promise<StoredFeedback[]> =>
    all(db)
      .where(
        sql<boolean>`EXISTS (
          SELECT 1 FROM proctor.evaluations e JOIN proctor.samples s ON s.evaluation_id = e.id
          WHERE e.id = ${evaluation} AND e.repo_id = feedback.repo_id
            AND s.agent = feedback.agent AND s.eval = feedback.eval AND s.sample_id = feedback.sample_id
        )`,
      )
      .execute(),

  /** Repositories of which anybody said anything, or expected a file, by name. */
  async repositories(): Promise<readonly { readonly id: number; readonly owner: string; readonly name: string }[]> {
    const { rows } = await sql<{ id: number; owner: string; name: string }>`
      SELECT id, owner, name FROM proctor.repos r
      WHERE EXISTS (SELECT 1 FROM proctor.feedback f WHERE f.repo_id = r.id)
         OR EXISTS (SELECT 1 FROM proctor.expected_artifacts x WHERE x.repo_id = r.id)
      ORDER BY owner, name`.execute(db)
    return rows
  },

  /** All of a repository, in pages: `after` is the last row of the page before, whose time is known to the millisecond. */
  page: (repoId: number, after?: Pick<StoredFeedback, 'createdAt' | 'id'>, limit = 500): Promise<StoredFeedback[]> =>
    db
      .selectFrom('feedback')
      .selectAll()
      .where('repoId', '=', repoId)
      .$if(after !== undefined, (query) => query.where(sql<boolean>`(${at}, id) > (${after?.createdAt}, ${after?.id})`))
      .orderBy(at)
      .orderBy('id')
      .limit(limit)
      .execute(),
})

const at = sql`date_trunc('milliseconds', created_at)`
const all = (db: Db) => db.selectFrom('feedback').selectAll().orderBy('createdAt').orderBy('id')
