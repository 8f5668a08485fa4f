import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import type { Db as QueueConnection } from 'pg-boss'
import { ownDatabase } from './owner-lock.ts'
import { type Pool, poolOf } from './pool.ts'

export type Embedded = AsyncDisposable & { readonly pool: Pool; readonly queue: QueueConnection }

/**
 * PostgreSQL inside of this process, its files in `<folder>/database`. Everything shares ONE connection through one pool: with a second way
 * in, a failing statement of the queue rolled back a transaction of somebody else without a word.
 * Throws `database_in_use` when another process has the folder.
 */
export async function openEmbedded(folder: string, onError: (error: Error) => void): Promise<Embedded> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const lock = await ownDatabase(folder)
  const closing = new AsyncDisposableStack()
  closing.use(lock)
  try {
    const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB']
    const pglite = await PGlite.create({ dataDir: join(folder, 'database'), startParams })
    closing.defer(() => pglite.close())
    const pool = poolOf({ ...createPgConfig(pglite), max: 1, idleTimeoutMillis: 0 }, onError)
    closing.defer(() => pool.end())
    const queue: QueueConnection = { executeSql: (text, values) => run(pool, text, values), listen: listenBetween(pool, pglite) }
    return { pool, queue, [Symbol.asyncDispose]: () => closing.disposeAsync() }
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

/**
 * Several statements in one text give one result each. A statement that fails costs a pool its connection, and this one has no other: it is
 * taken out of the transaction that a script may have left open, and stays.
 */
async function run(pool: Pool, text: string, values?: unknown[]) {
  const client = await pool.connect()
  try {
    const result: unknown = await client.query(text, values)
    const results = (Array.isArray(result) ? result : [result]) as readonly { readonly rows?: unknown[] }[]
    return { rows: results.flatMap(({ rows }) => rows ?? []) }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

/** Listening goes past the pool: only while nobody has the connection, or it would end what somebody else has begun to read. */
function listenBetween(pool: Pool, pglite: PGlite): NonNullable<QueueConnection['listen']> {
  const alone = async <T>(act: () => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    try {
      return await act()
    } finally {
      client.release()
    }
  }
  return async (channel, hear, missed) => {
    const close = await alone(() => pglite.listen(channel, hear))
    missed()
    return { close: () => alone(close) }
  }
}
