import { PgBoss } from 'pg-boss'
import { ProctorError } from '../../runner/domain/error.ts'
import { openEmbedded } from './database/embedded.ts'
import { type Pool, poolOf } from './database/pool.ts'

export type ConnectOptions = {
  /** PROCTOR_DATA; the embedded database lies in it when there is no `databaseUrl`. */
  readonly folder: string
  /** A PostgreSQL of one's own, 15 or later. */
  readonly databaseUrl?: string
  /** Its queue is used, and neither migrated nor looked after. */
  readonly asWorker?: boolean
  /** Hears of what goes wrong behind nobody's call: a connection that broke, a job that could not be fetched. */
  readonly onError?: (error: Error) => void
}
/** `copy`: of the embedded database's files, into a folder that is made. */
export type Connection = AsyncDisposable & { readonly pool: Pool; readonly boss: PgBoss; readonly copy?: (to: string) => Promise<void> }

/** The queue looks every few seconds for jobs whose holder is gone. */
const watchful = { superviseIntervalSeconds: 5, monitorIntervalSeconds: 5, queueCacheIntervalSeconds: 2, useListenNotify: true } as const

const unobtrusive = { migrate: false, createSchema: false, supervise: false, schedule: false } as const

/** Opens the database, and a queue on it that is not started yet. Throws `database_in_use`, `database_damaged`, `database_unreachable`. */
export async function connect({ folder, databaseUrl, asWorker = false, onError = warn }: ConnectOptions): Promise<Connection> {
  await using opening = new AsyncDisposableStack()
  // A connection that is being closed may break as it likes.
  let closed = false
  const tell = (error: Error) => {
    if (!closed) onError(asError(error))
  }
  const found: Omit<Connection, keyof AsyncDisposable> = await reached(
    databaseUrl ? onServer(opening, { connectionString: databaseUrl, asWorker }, tell) : inProcess(opening, folder, tell),
  )
  const { boss } = found
  boss.on('error', tell)
  opening.defer(() => {
    closed = true
    return boss.stop({ timeout: drainMs, close: databaseUrl !== undefined })
  })
  const closing = opening.move()
  return { ...found, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

/** How long jobs in hands may take to end when the store is closed; what has not ended is tried again. */
const drainMs = 10_000

/** The queue also tells of objects that look like errors. */
const asError = (error: Error): Error =>
  error instanceof Error ? error : Object.assign(new Error((error as Error).message), error as Error)

const warn = (error: Error) => process.emitWarning(error)

type Server = { readonly connectionString: string; readonly asWorker: boolean }

async function onServer(opening: AsyncDisposableStack, { connectionString, asWorker }: Server, onError: (error: Error) => void) {
  const pool = poolOf({ connectionString, max: 10 }, onError)
  opening.defer(() => pool.end())
  await expectServer(pool)
  const manners = asWorker ? unobtrusive : watchful
  return { pool, boss: new PgBoss({ connectionString, max: 5, ...manners }) }
}

async function inProcess(opening: AsyncDisposableStack, folder: string, onError: (error: Error) => void) {
  const { pool, queue, copy } = opening.use(await openEmbedded(folder, onError))
  return { pool, copy, boss: new PgBoss({ backend: 'pglite', db: queue, ...watchful }) }
}

/** What the network, the file system or PostgreSQL says has no password in it; what hangs on such an error may have the whole URL. */
async function reached<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening
  } catch (error) {
    if (error instanceof ProctorError) throw error
    throw new ProctorError('database_unreachable', said(error))
  }
}

/** Several addresses of one host give one error without a text. */
const said = (error: unknown): string =>
  error instanceof AggregateError ? error.errors.map(said).join('; ') : error instanceof Error ? error.message : String(error)

async function expectServer(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ server_version_num: string; server_version: string }>(
    `SELECT current_setting('server_version_num') AS server_version_num, current_setting('server_version') AS server_version`,
  )
  if (Number(rows[0]?.server_version_num) < 150_000)
    throw new ProctorError('database_unreachable', `it is PostgreSQL ${rows[0]?.server_version}, and 15 or later is needed`)
}
