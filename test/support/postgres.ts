import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

const library = join(import.meta.dirname, '..', '..', 'script', 'lib', 'postgres.sh')

/** The server's programs, where the scripts found them. */
const programs = () => execFileSync('bash', ['-c', '. "$0"; find_postgres', library], { encoding: 'utf8' }).trim()

/** PostgreSQL refuses to run as root: then it runs as the user that its package made, or as nobody. */
function owner(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (option: string) =>
    Number(execFileSync('bash', ['-c', `id ${option} postgres 2>/dev/null || id ${option} nobody`], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(join(programs(), program), args, { ...owner(), cwd: '/', stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`)
}

export type Cluster = AsyncDisposable & {
  readonly folder: string
  readonly url: (database: string) => string
  start(): Promise<void>
  /** As a power cut would: every process of it at once. */
  kill(): Promise<void>
}

/** A server of one's own, stopped and removed at the end. */
export async function ownCluster(): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'proctor-pg-'))
  await init(folder)
  await start(folder)
  return {
    folder,
    url: (database) => urlIn(folder, database),
    start: () => start(folder),
    kill: () => run('pg_ctl', ['stop', '-D', join(folder, 'data'), '-m', 'immediate', '-w']),
    async [Symbol.asyncDispose]() {
      await run('pg_ctl', ['stop', '-D', join(folder, 'data'), '-m', 'immediate', '-w']).catch(() => {})
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A database of one's own on a server that all tests share, dropped at the end. */
export async function freshDatabase(): Promise<{ readonly url: string } & AsyncDisposable> {
  const url = await sharedServer()
  const name = `t_${Date.now()}_${randomBytes(4).toString('hex')}`
  await execute(url('postgres'), `CREATE DATABASE ${name}`)
  return {
    url: url(name),
    [Symbol.asyncDispose]: () => execute(url('postgres'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

export async function execute(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Rows of one question, on a connection of its own. */
export async function rowsOf<Row>(url: string, text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, [...values])).rows as Row[]
  } finally {
    await client.end()
  }
}

/** The one that PROCTOR_TEST_POSTGRES names, or one that the first test starts and that stays, idle, for the next ones. */
async function sharedServer(): Promise<(database: string) => string> {
  const given = process.env.PROCTOR_TEST_POSTGRES
  if (given) return (database) => Object.assign(new URL(given), { pathname: `/${database}` }).href
  const folder = join(tmpdir(), `proctor-test-postgres-${process.getuid?.() ?? 0}`)
  if (!(await stat(join(folder, 'data')).catch(() => undefined))) await initOnce(folder)
  const url = (database: string) => urlIn(folder, database)
  if (await answers(url('postgres'))) return url
  await start(folder).catch(() => {})
  for (let tries = 0; !(await answers(url('postgres'))); tries++) {
    if (tries === 100) throw new Error(`PostgreSQL in ${folder} does not start; see ${folder}/log`)
    await wait(200)
  }
  return url
}

/** Of several that come at once each makes one, and the first to be ready is taken. */
async function initOnce(folder: string): Promise<void> {
  const draft = await mkdtemp(`${folder}-`)
  await init(draft)
  await mkdir(dirname(folder), { recursive: true })
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }))
}

async function init(folder: string): Promise<void> {
  const user = owner()
  if (user) await chown(folder, user.uid, user.gid)
  await run('initdb', ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'])
}

/** On a socket in its folder, and on no port. */
const start = (folder: string) =>
  run('pg_ctl', [
    'start',
    ...['-D', join(folder, 'data'), '-l', join(folder, 'log'), '-w', '-t', '60'],
    ...['-o', `-c listen_addresses='' -c unix_socket_directories='${folder}' -c fsync=off -c max_connections=200`],
  ])

const urlIn = (folder: string, database: string) => `postgres://postgres@/${database}?host=${encodeURIComponent(folder)}`

const answers = (url: string) =>
  execute(url, 'SELECT 1').then(
    () => true,
    () => false,
  )
