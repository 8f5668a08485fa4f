import { type Selectable, sql } from 'kysely'
import type { Deliveries, DeliveryState } from '../database/github-tables.ts'
import { type JsonText, json } from '../database/json.ts'
import type { Db } from '../database/pool.ts'
import type { Trx, Within } from '../queue.ts'
import { together } from './together.ts'

export type Delivery = Readonly<Selectable<Deliveries>>
export type NewDelivery = {
  /** X-GitHub-Delivery. */
  readonly id: string
  readonly event: string
  readonly action?: string
  readonly installationId?: number
  readonly repoId?: number
  /** Digest of the body as it was sent. */
  readonly bodyDigest: string
  readonly body: unknown
}

type Row = Omit<NewDelivery, 'body'> & { readonly body: JsonText<unknown> }

/**
 * GitHub waits ten seconds for an answer. A statement that hangs on what somebody else holds fails on the server; a server that cannot be
 * heard any more is given up here.
 */
const patience = { statementMs: 3000, goMs: 4000 }

/** What GitHub sent, each thing once. */
export const deliveriesIn = (db: Db, queue: Within) => {
  const keep = together({
    act: (rows: readonly Row[]) => db.transaction().execute((trx) => keepAll({ trx, queue }, rows)),
    namesOf: ({ id, event, bodyDigest }) => [id, `${event} ${bodyDigest}`],
    weightOf: ({ body }) => body.length,
    most: { items: 250, weight: 8_000_000 },
    isOnesFault: isAboutData,
    patienceMs: patience.goMs,
  })
  return {
    /**
     * Keeps a delivery and asks for its ingestion, both or neither. One whose id, or whose event and body, was here before is a duplicate, unless it
     * failed. Throws when the database does not do it within seconds; it may have been kept all the same.
     */
    receive: (delivery: NewDelivery): Promise<'new' | 'duplicate'> => keep({ ...delivery, body: json(delivery.body) }),
    ...read(db),
  }
}

async function keepAll({ trx, queue }: { trx: Trx; queue: Within }, rows: readonly Row[]): Promise<readonly ('new' | 'duplicate')[]> {
  await sql`SELECT set_config('statement_timeout', ${String(patience.statementMs)}, true),
    set_config('idle_in_transaction_session_timeout', ${String(patience.goMs)}, true)`.execute(trx)
  // Somebody has put right what it failed of, and had it delivered once more.
  const again = await trx
    .updateTable('deliveries')
    .set({ state: 'received', receivedAt: sql<Date>`now()`, note: null })
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .where('state', '=', 'failed')
    .returning('id')
    .execute()
  const kept = await trx
    .insertInto('deliveries')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute()
  const ids = new Set([...again, ...kept].map(({ id }) => id))
  await queue.sendMany(
    trx,
    'ingest',
    [...ids].map((delivery) => ({ data: { delivery }, singletonKey: delivery })),
  )
  return rows.map(({ id }) => (ids.has(id) ? 'new' : 'duplicate'))
}

/** SQLSTATE 22 and 23: a value that the table does not take. */
const isAboutData = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code)

const read = (db: Db) => ({
  find: (id: string): Promise<Delivery | undefined> => db.selectFrom('deliveries').selectAll().where('id', '=', id).executeTakeFirst(),

  /** Writes down what became of it. False when that was known already. */
  async end(id: string, state: Exclude<DeliveryState, 'received'>, note?: string): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('deliveries')
      .set({ state, note: note ?? null })
      .where('id', '=', id)
      .where('state', '=', 'received')
      .executeTakeFirst()
    return numUpdatedRows === 1n
  },

  /** It goes on being tried; this is what it failed of the last time. */
  async stumbled(id: string, why: string): Promise<void> {
    await db.updateTable('deliveries').set({ note: why }).where('id', '=', id).where('state', '=', 'received').execute()
  },

  /** Ends those that were received before a time and are being tried still; gives them. */
  giveUp: (before: Date): Promise<Pick<Delivery, 'id' | 'event' | 'note'>[]> =>
    db
      .updateTable('deliveries')
      .set({ state: 'failed', note: sql<string>`'tried for too long: ' || coalesce(note, 'it never came to an end')` })
      .where('state', '=', 'received')
      .where('receivedAt', '<', before)
      .returning(['id', 'event', 'note'])
      .execute(),

  /** Those of the ids that were received: what a scan of GitHub's own list need not ask for again. */
  async known(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set()
    const rows = await db.selectFrom('deliveries').select('id').where('id', 'in', ids).execute()
    return new Set(rows.map(({ id }) => id))
  },

  /** Received before `since`, not ended, and without a job that waits or is in hands: nobody will take them up. */
  open: (since: Date): Promise<Pick<Delivery, 'id' | 'event' | 'receivedAt'>[]> =>
    db
      .selectFrom('deliveries')
      .select(['id', 'event', 'receivedAt'])
      .where('state', '=', 'received')
      .where('receivedAt', '<', since)
      // As the queue's own index for such jobs has it.
      .where(
        sql<boolean>`NOT EXISTS (SELECT 1 FROM pgboss.job j WHERE j.name = 'ingest' AND COALESCE(j.singleton_key, '') = deliveries.id
          AND j.state <= 'active' AND j.policy = 'exclusive')`,
      )
      .orderBy('receivedAt')
      .limit(500)
      .execute(),
})
