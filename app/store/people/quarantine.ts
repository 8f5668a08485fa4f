import { type Selectable, sql } from 'kysely'
import type { Quarantined } from '../database/people-tables.ts'
import type { Db } from '../database/pool.ts'
import type { OfSample } from './feedback.ts'

export type QuarantinedSample = Readonly<Selectable<Quarantined>>

/** Samples that somebody took out of the gate until they are mended. */
export const quarantineIn = (db: Db) => ({
  /** False: it was in quarantine already. */
  async put(repoId: number, { sample, ...of }: OfSample, { author, url }: { author: string; url: string }): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('quarantined')
      .values({ repoId, ...of, sampleId: sample, author, url })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },

  async lift(repoId: number, { agent, eval: title, sample }: OfSample): Promise<boolean> {
    const { numDeletedRows } = await db
      .deleteFrom('quarantined')
      .where('repoId', '=', repoId)
      .where('agent', '=', agent)
      .where('eval', '=', title)
      .where('sampleId', '=', sample)
      .executeTakeFirst()
    return numDeletedRows === 1n
  },

  /** Samples of a pull request's evaluations that are called so: by their id, or by `agent/eval/id`. */
  named: (repoId: number, pull: number, name: string): Promise<OfSample[]> =>
    db
      .selectFrom('samples')
      .innerJoin('evaluations', 'evaluations.id', 'samples.evaluationId')
      .select(['samples.agent', 'samples.eval', 'samples.sampleId as sample'])
      .distinct()
      .where('evaluations.repoId', '=', repoId)
      .where('evaluations.pull', '=', pull)
      .where((is) =>
        is.or([
          is('samples.sampleId', '=', name),
          is(sql<string>`proctor.samples.agent || '/' || proctor.samples.eval || '/' || proctor.samples.sample_id`, '=', name),
        ]),
      )
      .orderBy('samples.agent')
      .orderBy('samples.eval')
      .limit(20)
      .execute(),

  of: (repoId: number): Promise<QuarantinedSample[]> =>
    db.selectFrom('quarantined').selectAll().where('repoId', '=', repoId).orderBy('agent').orderBy('eval').orderBy('sampleId').execute(),
})
