import { PgBoss } from 'pg-boss'
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
export type Connection = AsyncDisposable & { readonly pool: Pool; readonly boss: PgBoss }

/** The queue looks every few seconds for jobs whose holder is gone. */
const watchful = { superviseIntervalSeconds: 5, monitorIntervalSeconds: 5, queueCacheIntervalSeconds: 2, useListenNotify: true } as const

const unobtrusive = { migrate: false, createSchema: false, supervise: false, schedule: false } as const

/** Opens the database, and a queue on it that is not started yet. Throws `database_in_use`. */
export async function connect({ folder, databaseUrl, asWorker = false, onError = warn }: ConnectOptions): Promise<Connection> {
  await using opening = new AsyncDisposableStack()
  // A connection that is being closed may break as it likes.
  let closed = false
  const tell = (error: Error) => {
    if (!closed) onError(asError(error))
  }
  const { pool, boss } = databaseUrl
    ? onServer(opening, { connectionString: databaseUrl, asWorker }, tell)
    : await inProcess(opening, folder, tell)
  boss.on('error', tell)
  opening.defer(() => {
    closed = true
    return boss.stop({ timeout: drainMs, close: databaseUrl !== undefined })
  })
  const closing = opening.move()
  return { pool, boss, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

/** How long jobs in hands may take to end when the store is closed; what has not ended is tried again. */
const drainMs = 10_000

/** The queue also tells of objects that look like errors. */
const asError = (error: Error): Error =>
  error instanceof Error ? error : Object.assign(new Error((error as Error).message), error as Error)

const warn = (error: Error) => process.emitWarning(error)

type Server = { readonly connectionString: string; readonly asWorker: boolean }

function onServer(opening: AsyncDisposableStack, { connectionString, asWorker }: Server, onError: (error: Error) => void) {
  const pool = poolOf({ connectionString, max: 10 }, onError)
  opening.defer(() => pool.end())
  const manners = asWorker ? unobtrusive : watchful
  return { pool, boss: new PgBoss({ connectionString, max: 5, ...manners }) }
}

async function inProcess(opening: AsyncDisposableStack, folder: string, onError: (error: Error) => void) {
  const { pool, queue } = opening.use(await openEmbedded(folder, onError))
  return { pool, boss: new PgBoss({ backend: 'pglite', db: queue, ...watchful }) }
}
