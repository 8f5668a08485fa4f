import type { Selectable } from 'kysely'
import type { Db } from './database/pool.ts'
import type { Quarantined } from './database/tables.ts'
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

  of: (repoId: number): Promise<QuarantinedSample[]> =>
    db.selectFrom('quarantined').selectAll().where('repoId', '=', repoId).orderBy('agent').orderBy('eval').orderBy('sampleId').execute(),
})
