import type { Insertable, Selectable } from 'kysely'
import type { CheckRuns } from '../database/github-tables.ts'
import type { Db } from '../database/pool.ts'

export type CheckRun = Readonly<Selectable<CheckRuns>>

/** Check runs of ours on GitHub, as they were last written there. */
export const checkRunsIn = (db: Db) => ({
  async save(checkRun: Readonly<Insertable<CheckRuns>>): Promise<void> {
    const { githubId, status, conclusion = null, digest = null } = checkRun
    const set = { githubId, status, conclusion, digest, updatedAt: new Date() }
    await db
      .insertInto('checkRuns')
      .values(checkRun)
      .onConflict((conflict) => conflict.columns(['evaluationId', 'name']).doUpdateSet(set))
      .execute()
  },

  of: (evaluation: string): Promise<CheckRun[]> =>
    db.selectFrom('checkRuns').selectAll().where('evaluationId', '=', evaluation).orderBy('name').execute(),

  byGithubId: (githubId: number): Promise<CheckRun | undefined> =>
    db.selectFrom('checkRuns').selectAll().where('githubId', '=', githubId).executeTakeFirst(),
})
