import { randomUUID } from 'node:crypto'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { BlobRef } from '../../../runner/domain/blob.ts'
import { json } from '../database/json.ts'
import type { ExpectedArtifacts } from '../database/people-tables.ts'
import type { Db } from '../database/pool.ts'
import type { OfSample } from './feedback.ts'

export type ExpectedArtifact = Readonly<Selectable<ExpectedArtifacts>>
/** `key` names the comment and the file in it. */
export type NewExpected = Readonly<Omit<Insertable<ExpectedArtifacts>, 'id' | 'blob' | 'digest'>> & { readonly blob: BlobRef }

/** Files that people said a run should have brought forth. */
export const expectedIn = (db: Db) => ({
  /** False: that file of that comment was kept before. */
  async add({ blob, ...artifact }: NewExpected): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('expectedArtifacts')
      .values({ ...artifact, id: randomUUID(), blob: json(blob), digest: blob.digest })
      .onConflict((conflict) => conflict.columns(['repoId', 'key']).doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },

  ofSample: (repoId: number, { agent, eval: title, sample }: OfSample): Promise<ExpectedArtifact[]> =>
    all(db).where('repoId', '=', repoId).where('agent', '=', agent).where('eval', '=', title).where('sampleId', '=', sample).execute(),

  of: (repoId: number): Promise<ExpectedArtifact[]> => all(db).where('repoId', '=', repoId).execute(),

  /** On the samples of an evaluation, in whichever evaluation they were given. */
  forEvaluation: (evaluation: string): Promise<ExpectedArtifact[]> =>
    all(db)
      .where(
        sql<boolean>`EXISTS (
          SELECT 1 FROM proctor.evaluations e JOIN proctor.samples s ON s.evaluation_id = e.id
          WHERE e.id = ${evaluation} AND e.repo_id = expected_artifacts.repo_id AND s.agent = expected_artifacts.agent
            AND s.eval = expected_artifacts.eval AND s.sample_id = expected_artifacts.sample_id
        )`,
      )
      .execute(),
})

const all = (db: Db) => db.selectFrom('expectedArtifacts').selectAll().orderBy('createdAt').orderBy('id')
