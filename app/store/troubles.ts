import { sql } from 'kysely'
import type { Troubles } from './database/evaluation-tables.ts'
import type { Db } from './database/pool.ts'

type Trouble = { readonly evaluation: string; readonly work: Troubles['work']; readonly why: string }

/** What could not be done for an evaluation, and is tried again. */
export const troublesIn = (db: Db) => ({
  /**
   * It did not work once more: it is tried again after a quarter of the time for which it has not worked, a quarter of a minute at least and
   * an hour at most. Gives since when, and how often, it did not.
   */
  async note({ evaluation, work, why }: Trouble): Promise<{ readonly since: Date; readonly tries: number }> {
    const { rows } = await sql<{ since: Date; tries: number }>`
      INSERT INTO proctor.troubles AS t (evaluation_id, work, tries, not_before, error)
      VALUES (${evaluation}, ${work}, 1, now() + interval '15 seconds', ${why})
      ON CONFLICT (evaluation_id, work) DO UPDATE SET
        tries = t.tries + 1,
        not_before = now() + greatest(interval '15 seconds', least(interval '1 hour', (now() - t.since) / 4)),
        error = excluded.error
      RETURNING since, tries`.execute(db)
    return rows[0] ?? { since: new Date(), tries: 1 }
  },

  /** It worked. */
  async over(evaluation: string, work: Troubles['work']): Promise<void> {
    await db.deleteFrom('troubles').where('evaluationId', '=', evaluation).where('work', '=', work).execute()
  },
})
