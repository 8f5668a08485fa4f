import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Db } from './database/pool.ts'
import type { Workers } from './database/worker-tables.ts'

export type Worker = Readonly<Selectable<Workers>>
export type NewWorker = { readonly name: string; readonly organisations?: readonly string[]; readonly publicKey: string }

/** Processes that execute plans. */
export const workersIn = (db: Db) => ({
  /** Makes a worker known; `organisations` absent: it works for all. Returns its id. */
  async register({ name, organisations, publicKey }: NewWorker): Promise<string> {
    const id = randomUUID()
    await db
      .insertInto('workers')
      .values({ id, name, publicKey, organisations: organisations?.map((login) => login.toLowerCase()) ?? null })
      .execute()
    return id
  },

  find: (id: string): Promise<Worker | undefined> => db.selectFrom('workers').selectAll().where('id', '=', id).executeTakeFirst(),

  /** Heard of since then. */
  seenSince: (since: Date): Promise<Worker[]> =>
    db.selectFrom('workers').selectAll().where('seenAt', '>=', since).orderBy('startedAt').execute(),
})
