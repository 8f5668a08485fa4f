import { type Backups, backupsOf } from './backups.ts'
import { buildsIn } from './builds.ts'
import { chunksIn } from './chunks.ts'
import { claimsIn } from './claims.ts'
import { type Connection, type ConnectOptions, connect } from './connect.ts'
import { damaged } from './database/data-folder.ts'
import { isBehind, migrate } from './database/migrate.ts'
import { type Db, queriesOn } from './database/pool.ts'
import { evaluationsIn } from './evaluations.ts'
import { agentsIn } from './github/agents.ts'
import { checkRunsIn } from './github/check-runs.ts'
import { deliveriesIn } from './github/deliveries.ts'
import { installationsIn } from './github/installations.ts'
import { missedIn } from './github/missed.ts'
import { outboxIn } from './github/outbox.ts'
import { workerLoginsIn } from './logins/worker-logins.ts'
import { baselinesIn } from './people/baselines.ts'
import { expectedIn } from './people/expected.ts'
import { feedbackIn } from './people/feedback.ts'
import { quarantineIn } from './people/quarantine.ts'
import { publicationsIn } from './publications.ts'
import { dropAll, knowQueues, prepareQueues, queueOn, type Within, withinTransactions } from './queue.ts'
import { recordsOf } from './records.ts'
import { resultsIn } from './results.ts'
import { retentionIn } from './retention.ts'
import { accountsIn } from './secrets/accounts.ts'
import { credentialsIn } from './secrets/credentials.ts'
import { keyringOf } from './secrets/keyring.ts'
import { stuckIn } from './stuck.ts'
import { treesIn } from './trees.ts'
import { troublesIn } from './troubles.ts'
import { verdictsIn } from './verdicts.ts'
import { workersIn } from './workers.ts'

export type StoreOptions = ConnectOptions & {
  /** What credentials are kept with: 32 bytes in base64 or hex, or a passphrase. */
  readonly masterKey?: string
  /** A job whose holder has not been heard of for so long is given to another. At least 10; 30 when it is not told. */
  readonly heartbeatSeconds?: number
}
export type Store = AsyncDisposable & Nouns
export type Nouns = Awaited<ReturnType<typeof storeOn>>

/**
 * Everything that proctor must not forget, and its queue, in one PostgreSQL: a server, or one inside of this process.
 * Throws `database_too_new`, and of the embedded one `database_in_use` when another process has it, and `database_damaged`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  await using opening = new AsyncDisposableStack()
  const store = await storeOn(opening.use(await connect(options)), options)
  const closing = opening.move()
  return { ...store, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

/** The tables and queues of a database, brought up to date, as nouns. An embedded one is backed up before anything of it is changed. */
export async function storeOn(connection: Omit<Connection, keyof AsyncDisposable>, options: StoreOptions) {
  const { pool, boss, copy } = connection
  const { folder, databaseUrl, masterKey } = options
  const db = queriesOn(pool)
  const backups = copy && backupsOf({ folder, copy })
  const queue = await upToDate({ db, boss, backups }, options).catch(async (error: unknown) => {
    throw !databaseUrl && isAboutFiles(error) ? await damaged(folder, `${folder}/database: ${error.message}`, error) : error
  })
  const workerLogins = workerLoginsIn(db, queue)
  if (databaseUrl) await workerLogins.refresh()
  const results = resultsIn(db, queue)
  const keyring = keyringOf(db, masterKey)
  return {
    /** Of the embedded database. A server has its own. */
    backups,
    queue: queueOn(boss, db),
    installations: installationsIn(db),
    deliveries: deliveriesIn(db, queue),
    missed: missedIn(db),
    agents: agentsIn(db),
    evaluations: evaluationsIn(db, queue),
    claims: claimsIn(db, queue),
    builds: buildsIn(db, queue),
    chunks: chunksIn(db, queue),
    results,
    /** One evaluation's results, as the engine keeps them. */
    records: (evaluation: string) => recordsOf({ db, results, evaluation }),
    verdicts: verdictsIn(db, queue),
    outbox: outboxIn(db),
    checkRuns: checkRunsIn(db),
    publications: publicationsIn(db),
    trees: treesIn(db, queue),
    troubles: troublesIn(db),
    stuck: stuckIn(db, queue),
    feedback: feedbackIn(db),
    expected: expectedIn(db),
    quarantine: quarantineIn(db),
    baselines: baselinesIn(db),
    accounts: accountsIn(db, queue, keyring),
    credentials: credentialsIn(db, keyring),
    workers: workersIn(db),
    workerLogins,
    retention: retentionIn(db),
  }
}

type Found = Pick<Connection, 'boss'> & { readonly db: Db; readonly backups: Backups | undefined }

async function upToDate({ db, boss, backups }: Found, { databaseUrl, heartbeatSeconds }: StoreOptions): Promise<Within> {
  if (backups && (await isBehind(db))) await backups.keep({ beforeUpgrade: true })
  await migrate(db)
  await boss.start()
  await prepareQueues(boss, db, heartbeatSeconds ?? 30)
  // Nobody but this process is here: what is in hands is in those of one that died.
  if (!databaseUrl) await dropAll(boss, db)
  return withinTransactions(boss, await knowQueues(boss))
}

/** SQLSTATE: the sum of a page is wrong, an index is, a file is missing or cannot be read. */
const isAboutFiles = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && ['XX001', 'XX002', '58P01', '58030'].includes(String(error.code))
