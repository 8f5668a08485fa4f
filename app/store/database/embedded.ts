import { cp, mkdir } from 'node:fs/promises'
import type { PGlite } from '@electric-sql/pglite'
import type { Db as QueueConnection } from 'pg-boss'
import { ProctorError } from '../../../runner/domain/error.ts'
import { damaged, dataFolder } from './data-folder.ts'
import { ownDatabase } from './owner-lock.ts'
import { openPglite } from './pglite.ts'
import type { Pool } from './pool.ts'

export type Embedded = AsyncDisposable & {
  readonly pool: Pool
  readonly queue: QueueConnection
  /** Copies the database's files, as they are at one moment, into a folder that is made. Whoever asks the database waits meanwhile. */
  copy(to: string): Promise<void>
}

/**
 * PostgreSQL inside of this process, its files in `<folder>/database`. Everything shares ONE connection through one pool: with a second way
 * in, a failing statement of the queue rolled back a transaction of somebody else without a word.
 * Throws `database_in_use` when another process has the folder, and `database_damaged`.
 */
export async function openEmbedded(folder: string, onError: (error: Error) => void): Promise<Embedded> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await using opening = new AsyncDisposableStack()
  opening.use(await ownDatabase(folder))
  const files = await dataFolder(folder)
  const { pglite, pool } = opening.use(await openPglite(files, onError).catch((error: unknown) => explained(folder, error)))
  const queue: QueueConnection = { executeSql: (text, values) => run(pool, text, values), listen: listenBetween(pool, pglite) }
  const closing = opening.move()
  return { pool, queue, copy: (to) => copyFiles(pool, files, to), [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

async function explained(folder: string, error: unknown): Promise<never> {
  throw error instanceof ProctorError && error.code === 'database_damaged' ? await damaged(folder, error.message, error.cause) : error
}

/**
 * Between two statements nothing is written, and what was committed is in the files. Measured on two busy processors with 5000 deliveries,
 * 136 MB of files: the slowest of 200 deliveries waited for 1.2 to 1.5 s, and memory grew by 20 MB. PGlite's own `dumpDataDir('gzip')` holds
 * statements for 3.4 to 4.3 s; without compression it holds the whole process for 0.4 to 1.0 s, with three times the files in memory, and
 * a database of a gigabyte would end the server.
 */
async function copyFiles(pool: Pool, files: string, to: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('CHECKPOINT')
    await cp(files, to, { recursive: true })
  } finally {
    client.release()
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
