import { sql } from 'kysely'
import type { Db } from '../database/pool.ts'

/** A delivery as GitHub's list has it. `id` = X-GitHub-Delivery, `githubId` names the newest attempt at it. */
export type Listed = {
  readonly id: string
  readonly githubId: number
  readonly deliveredAt: Date
  /** We answered that we had kept it. */
  readonly taken: boolean
}
type Due = { readonly id: string; readonly githubId: number }

/** How often one is asked for, in all: each time twice as long after the last one, from ten minutes to a day. */
const most = { refused: 9, taken: 1 }

/** Deliveries that GitHub tried and that are not here, and how far its list was looked through. */
export const missedIn = (db: Db) => ({
  /** All that was delivered before this time has been looked at. Undefined: nothing was, ever. */
  async scannedUntil(): Promise<Date | undefined> {
    return (await db.selectFrom('scans').select('until').where('name', '=', 'deliveries').executeTakeFirst())?.until
  },

  /**
   * Remembers those of the list that are not here, and that it was looked through. One that we had answered for is missing when the
   * database is older than the answer: then it is asked for once. What was answered before the first one that is here is not ours.
   */
  found: (listed: readonly Listed[]): Promise<void> =>
    db.transaction().execute(async (trx) => {
      const rows = listed.map(({ id, githubId, deliveredAt, taken }) => ({
        ...{ id, githubId, deliveredAt },
        most: taken ? most.taken : most.refused,
      }))
      for (let from = 0; from < rows.length; from += atOnce)
        await trx
          .insertInto('missedDeliveries')
          .columns(['id', 'githubId', 'deliveredAt', 'most'])
          .expression(
            sql`SELECT l.id, l."githubId", l."deliveredAt", l.most
              FROM json_to_recordset(${JSON.stringify(rows.slice(from, from + atOnce))}::json)
                AS l(id text, "githubId" bigint, "deliveredAt" timestamptz, most int)
              WHERE NOT EXISTS (SELECT 1 FROM proctor.deliveries d WHERE d.id = l.id)
                AND (l.most > ${most.taken} OR l."deliveredAt" > (SELECT min(received_at) FROM proctor.deliveries))`,
          )
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet(({ ref }) => ({ githubId: ref('excluded.githubId'), most: ref('excluded.most') })),
          )
          .execute()
      const until = rows.reduce<Date | undefined>((last, { deliveredAt }) => (last && last > deliveredAt ? last : deliveredAt), undefined)
      if (until)
        await trx
          .insertInto('scans')
          .values({ name: 'deliveries', until })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ until: sql<Date>`greatest(scans.until, excluded.until)` }))
          .execute()
      await trx.deleteFrom('missedDeliveries').where('deliveredAt', '<', sql<Date>`now() - interval '7 days'`).execute()
    }),

  /** Those whose time has come to be asked for, the oldest first. */
  async due(limit: number): Promise<readonly Due[]> {
    const { rows } = await sql<Due>`
      SELECT m.id, m.github_id AS "githubId" FROM proctor.missed_deliveries m
      WHERE m.asked < m.most AND m.ask_at <= now() AND m.delivered_at > now() - interval '3 days'
        AND NOT EXISTS (SELECT 1 FROM proctor.deliveries d WHERE d.id = m.id)
      ORDER BY m.delivered_at LIMIT ${limit}`.execute(db)
    return rows
  },

  async asked(id: string): Promise<void> {
    await db
      .updateTable('missedDeliveries')
      .set({ asked: sql<number>`asked + 1`, askAt: sql<Date>`now() + interval '10 minutes' * 2 ^ asked` })
      .where('id', '=', id)
      .execute()
  },
})

const atOnce = 1000
