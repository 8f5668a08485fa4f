import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, connect } from '../../app/store/connect.ts'
import { type Nouns, openStore, type StoreOptions, storeOn } from '../../app/store/open.ts'
import { freshDatabase } from './postgres.ts'

export type Engine = 'postgres' | 'embedded'
/** The two that everything about the store must hold on. */
export const engines: readonly Engine[] = ['postgres', 'embedded']

/** An empty database with its tables; stores are opened there with its options, one after the other. */
export type Place = AsyncDisposable & { readonly options: StoreOptions }

export async function freshPlace(engine: Engine, more: Partial<StoreOptions> = {}): Promise<Place> {
  await using making = new AsyncDisposableStack()
  const folder = making.adopt(await mkdtemp(join(tmpdir(), 'proctor-store-')), (path) => rm(path, { recursive: true, force: true }))
  const databaseUrl = engine === 'postgres' ? making.use(await freshDatabase()).url : undefined
  if (!databaseUrl) await cp(join(await template(), 'database'), join(folder, 'database'), { recursive: true })
  const made = making.move()
  return {
    options: { folder, ...(databaseUrl && { databaseUrl }), heartbeatSeconds: 10, ...more },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

export type Opened = AsyncDisposable & {
  readonly store: Nouns
  /** Asks the database itself. */
  query<Row>(text: string, values?: unknown[]): Promise<Row[]>
}

/** A store whose database can be looked into. */
export async function openAt({ options }: Place): Promise<Opened> {
  await using opening = new AsyncDisposableStack()
  const connection = opening.use(await connect(options))
  const store = await storeOn(connection, options)
  const opened = opening.move()
  return {
    store,
    query: async <Row>(text: string, values?: unknown[]) => (await raw(connection.pool, text, values)) as Row[],
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** A statement that fails must not cost the pool its connection: the embedded database has no other. */
async function raw(pool: Connection['pool'], text: string, values?: unknown[]): Promise<unknown[]> {
  const client = await pool.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    client.release()
  }
}

/** Both, for the tests of a file. */
export async function openFresh(engine: Engine, more: Partial<StoreOptions> = {}): Promise<Opened> {
  await using opening = new AsyncDisposableStack()
  const { store, query } = opening.use(await openAt(opening.use(await freshPlace(engine, more))))
  const opened = opening.move()
  return { store, query, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** An embedded database takes long to be made: it is made once for each version of its tables, and copied. */
async function template(): Promise<string> {
  const folder = join(tmpdir(), `proctor-test-embedded-${process.getuid?.() ?? 0}-${await version()}`)
  if (await stat(folder).catch(() => undefined)) return folder
  const draft = await mkdtemp(`${folder}-`)
  const store = await openStore({ folder: draft })
  await store[Symbol.asyncDispose]()
  // Of several that came at once the first stays.
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }))
  return folder
}

async function version(): Promise<string> {
  const root = join(import.meta.dirname, '..', '..')
  const migrations = join(root, 'app', 'store', 'database', 'migrations')
  const files = [join(root, 'package-lock.json'), ...(await readdir(migrations)).sort().map((name) => join(migrations, name))]
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(file))
  return hash.digest('hex').slice(0, 16)
}
