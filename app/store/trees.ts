import { advance } from './advance.ts'
import { sendConclude } from './chunks.ts'
import type { ErrorLine } from './database/evaluation-tables.ts'
import { json } from './database/json.ts'
import type { Db } from './database/pool.ts'
import type { Within } from './queue.ts'

/** What an evaluation examines, as it comes from GitHub. */
export const treesIn = (db: Db, queue: Within) => ({
  /** queued -> concluding: there will be no tree, for this reason. False: it has gone on, or ended. */
  refused: (id: string, error: ErrorLine): Promise<boolean> =>
    db.transaction().execute(async (trx) => {
      if (!(await advance(trx, { id, from: ['queued'], set: { state: 'concluding', errors: json([error]) } }))) return false
      await sendConclude({ trx, queue }, id)
      return true
    }),
})
