import { type Selectable, sql } from 'kysely'
import type { Outbox } from '../database/github-tables.ts'
import type { Db } from '../database/pool.ts'
import { type Letter, post } from '../verdicts.ts'

export type OutboxRow = Readonly<Selectable<Outbox>>

/** What is still to be written on GitHub. A row is done only when GitHub has it; writing it twice must not show. */
export const outboxIn = (db: Db) => ({
  post: (letters: readonly Letter[]): Promise<void> => post(db, letters),

  /** Rows whose time has come, the oldest first; with `evaluation` only its own. */
  due: (evaluation?: string, limit = 100): Promise<OutboxRow[]> =>
    db
      .selectFrom('outbox')
      .selectAll()
      .where('state', '=', 'due')
      .where('notBefore', '<=', sql<Date>`now()`)
      .$if(evaluation !== undefined, (query) => query.where('evaluationId', '=', evaluation ?? ''))
      .orderBy('createdAt')
      .limit(limit)
      .execute(),

  async done(id: string): Promise<void> {
    await db.updateTable('outbox').set({ state: 'done', doneAt: new Date(), error: null }).where('id', '=', id).execute()
  },

  /** GitHub would not have it now: later, and later each time, up to an hour. */
  async later(id: string, error: string): Promise<void> {
    const wait = sql<Date>`now() + least(3600, 2 ^ least(attempts, 12)) * interval '1 second'`
    await db
      .updateTable('outbox')
      .set({ attempts: sql<number>`attempts + 1`, notBefore: wait, error })
      .where('id', '=', id)
      .where('state', '=', 'due')
      .execute()
  },

  /** There is nobody any more to write to: the repository, the comment or the installation is gone. */
  async gone(id: string, error: string): Promise<void> {
    await db
      .updateTable('outbox')
      .set({ state: 'gone', error, doneAt: new Date() })
      .where('id', '=', id)
      .where('state', '=', 'due')
      .execute()
  },
})
