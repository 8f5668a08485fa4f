import { buildsIn } from './builds.ts'
import { chunksIn } from './chunks.ts'
import { claimsIn } from './claims.ts'
import { type Connection, type ConnectOptions, connect } from './connect.ts'
import { migrate } from './database/migrate.ts'
import { queriesOn } from './database/pool.ts'
import { evaluationsIn } from './evaluations.ts'
import { agentsIn } from './github/agents.ts'
import { checkRunsIn } from './github/check-runs.ts'
import { deliveriesIn } from './github/deliveries.ts'
import { installationsIn } from './github/installations.ts'
import { outboxIn } from './github/outbox.ts'
import { workerLoginsIn } from './logins/worker-logins.ts'
import { baselinesIn } from './people/baselines.ts'
import { expectedIn } from './people/expected.ts'
import { feedbackIn } from './people/feedback.ts'
import { quarantineIn } from './people/quarantine.ts'
import { dropAll, knowQueues, prepareQueues, queueOn, withinTransactions } from './queue.ts'
import { recordsOf } from './records.ts'
import { resultsIn } from './results.ts'
import { retentionIn } from './retention.ts'
import { credentialsIn } from './secrets/credentials.ts'
import { keyringOf } from './secrets/keyring.ts'
import { stuckIn } from './stuck.ts'
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
 * Throws `database_too_new`, and `database_in_use` when another process has the embedded one.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  await using opening = new AsyncDisposableStack()
  const { pool, boss } = opening.use(await connect(options))
  const store = await storeOn({ pool, boss }, options)
  const closing = opening.move()
  return { ...store, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

/** The tables and queues of a database, brought up to date, as nouns. */
export async function storeOn(
  { pool, boss }: Pick<Connection, 'pool' | 'boss'>,
  { databaseUrl, masterKey, heartbeatSeconds }: StoreOptions,
) {
  const db = queriesOn(pool)
  await migrate(db)
  await boss.start()
  await prepareQueues(boss, heartbeatSeconds ?? 30)
  // Nobody but this process is here: what is in hands is in those of one that died.
  if (!databaseUrl) await dropAll(boss, db)
  const queue = withinTransactions(boss, await knowQueues(boss))
  const workerLogins = workerLoginsIn(db, queue)
  if (databaseUrl) await workerLogins.refresh()
  const results = resultsIn(db, queue)
  return {
    queue: queueOn(boss, db),
    installations: installationsIn(db),
    deliveries: deliveriesIn(db, queue),
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
    stuck: stuckIn(db, queue),
    feedback: feedbackIn(db),
    expected: expectedIn(db),
    quarantine: quarantineIn(db),
    baselines: baselinesIn(db),
    credentials: credentialsIn(db, keyringOf(db, masterKey)),
    workers: workersIn(db),
    workerLogins,
    retention: retentionIn(db),
  }
}
