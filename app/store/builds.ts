import { sql } from 'kysely'
import type { Claim } from './claims.ts'
import type { Db } from './database/pool.ts'
import type { Within } from './queue.ts'

/** `yours` until it is ended or the claim is lost; `taken`: another job of the organisation builds. */
export type BuildTurn = 'yours' | 'taken' | 'lost'

/** Whose turn it is to build an image: one job at a time in an organisation, on whatever machine it runs. */
export const buildsIn = (db: Db, queue: Within) => ({
  /** Takes the turn unless somebody has it. Whoever has lost its claim has lost its turn too, however it ended. */
  take: (claim: Claim): Promise<BuildTurn> =>
    db.transaction().execute(async (trx) => {
      if (!(await queue.touch(trx, claim.kind, claim))) return 'lost'
      const { rows } = await sql`
        INSERT INTO proctor.image_builds AS held (organisation, job_id, fence)
        VALUES (${claim.organisation}, ${claim.job}, ${claim.fence})
        ON CONFLICT (organisation) DO UPDATE SET job_id = excluded.job_id, fence = excluded.fence, since = now()
        WHERE held.job_id = excluded.job_id OR NOT EXISTS (
          SELECT 1 FROM pgboss.${sql.id(queue.table('chunk'))} j
          WHERE j.id = held.job_id AND j.state = 'active' AND j.retry_count = held.fence
        )
        RETURNING organisation`.execute(trx)
      return rows.length > 0 ? 'yours' : 'taken'
    }),

  /** Gives the turn to the next. */
  async end({ organisation, job, fence }: Claim): Promise<void> {
    await db
      .deleteFrom('imageBuilds')
      .where('organisation', '=', organisation)
      .where('jobId', '=', job)
      .where('fence', '=', fence)
      .execute()
  },
})
