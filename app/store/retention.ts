import { sql } from 'kysely'
import type { Digest } from '../../runner/domain/blob.ts'
import type { Db } from './database/pool.ts'

/** How many days things are kept after they are over. Evaluations take their results, verdicts and letters along. */
export type Keep = { readonly deliveries: number; readonly evaluations: number; readonly workers: number }
export type Swept = { readonly deliveries: number; readonly evaluations: number; readonly outbox: number; readonly workers: number }

const atOnce = 500

/** What goes when nobody needs it any more. */
export const retentionIn = (db: Db) => ({
  /**
   * Deletes what is older than it need be, some of each kind at a time: call it until nothing more goes. What has not ended stays, and so
   * do evaluations that a baseline or a released version points at. What people said stays.
   */
  async sweep(keep: Keep, now = new Date()): Promise<Swept> {
    return {
      deliveries: await deleted(
        db,
        sql`
        DELETE FROM proctor.deliveries WHERE id IN (
          SELECT id FROM proctor.deliveries WHERE state <> 'received' AND received_at < ${before(now, keep.deliveries)} LIMIT ${atOnce})`,
      ),
      evaluations: await deleted(
        db,
        sql`
        DELETE FROM proctor.evaluations WHERE id IN (
          SELECT e.id FROM proctor.evaluations e
          WHERE e.finished_at < ${before(now, keep.evaluations)} AND e.state IN ('done', 'cancelled', 'failed')
            AND NOT EXISTS (SELECT 1 FROM proctor.baselines b WHERE b.evaluation_id = e.id)
            AND NOT EXISTS (SELECT 1 FROM proctor.agent_versions v WHERE v.evaluation_id = e.id)
            AND NOT EXISTS (SELECT 1 FROM proctor.outbox o WHERE o.evaluation_id = e.id AND o.state = 'due')
          ORDER BY e.finished_at LIMIT ${atOnce})`,
      ),
      outbox: await deleted(
        db,
        sql`
        DELETE FROM proctor.outbox WHERE id IN (
          SELECT id FROM proctor.outbox
          WHERE evaluation_id IS NULL AND state <> 'due' AND done_at < ${before(now, keep.deliveries)} LIMIT ${atOnce})`,
      ),
      workers: await deleted(
        db,
        sql`
        DELETE FROM proctor.workers WHERE id IN (SELECT id FROM proctor.workers WHERE seen_at < ${before(now, keep.workers)} LIMIT ${atOnce})`,
      ),
    }
  },

  /** Those of the blobs that no row names. One that was written a moment ago may be named a moment later: ask only about old ones. */
  async unused(digests: readonly Digest[]): Promise<Digest[]> {
    if (digests.length === 0) return []
    const { rows } = await sql<{ digest: Digest }>`
      SELECT digest FROM unnest(${digests}::text[]) AS asked(digest)
      WHERE NOT EXISTS (SELECT 1 FROM proctor.blob_uses u WHERE u.digest = asked.digest)
        AND NOT EXISTS (SELECT 1 FROM proctor.expected_artifacts x WHERE x.digest = asked.digest)`.execute(db)
    return rows.map(({ digest }) => digest)
  },
})

const before = (now: Date, days: number) => new Date(now.getTime() - days * 86_400_000)

async function deleted(db: Db, statement: ReturnType<typeof sql>): Promise<number> {
  const { numAffectedRows } = await statement.execute(db)
  return Number(numAffectedRows ?? 0)
}
