import { PgBoss } from 'pg-boss'
import { agentsIn } from './agents.ts'
import { baselinesIn } from './baselines.ts'
import { checkRunsIn } from './check-runs.ts'
import { chunksIn } from './chunks.ts'
import { claimsIn } from './claims.ts'
import { credentialsIn } from './credentials.ts'
import { openEmbedded } from './database/embedded.ts'
import { migrate } from './database/migrate.ts'
import { type Pool, poolOf, queriesOn } from './database/pool.ts'
import { deliveriesIn } from './deliveries.ts'
import { evaluationsIn } from './evaluations.ts'
import { expectedIn } from './expected.ts'
import { feedbackIn } from './feedback.ts'
import { installationsIn } from './installations.ts'
import { keyringOf } from './keyring.ts'
import { outboxIn } from './outbox.ts'
import { quarantineIn } from './quarantine.ts'
import { dropAll, knowQueues, prepareQueues, queueOn, withinTransactions } from './queue.ts'
import { recordsOf } from './records.ts'
import { resultsIn } from './results.ts'
import { retentionIn } from './retention.ts'
import { stuckIn } from './stuck.ts'
import { verdictsIn } from './verdicts.ts'
import { workersIn } from './workers.ts'

export type StoreOptions = {
  /** Where PROCTOR_DATA is; the embedded database lies in it when there is no `databaseUrl`. */
  readonly folder: string
  /** A PostgreSQL of one's own, 15 or later. */
  readonly databaseUrl?: string
  /** What credentials are kept with: 32 bytes in base64 or hex, or a passphrase. */
  readonly masterKey?: string
  /** A job whose holder has not been heard of for so long is given to another. At least 10. */
  readonly heartbeatSeconds?: number
  /** Hears of what goes wrong behind nobody's call: a connection that broke, a job that could not be fetched. */
  readonly onError?: (error: Error) => void
}
export type Store = Awaited<ReturnType<typeof openStore>>

/**
 * Everything that proctor must not forget, and its queue, in one PostgreSQL: a server, or one inside of this process.
 * Throws `database_too_new`, and `database_in_use` when another process has the embedded one.
 */
export async function openStore({ folder, databaseUrl, masterKey, heartbeatSeconds = 30, onError = warn }: StoreOptions) {
  await using opening = new AsyncDisposableStack()
  const { pool, boss } = databaseUrl ? server(opening, databaseUrl, onError) : await embedded(opening, folder, onError)
  const db = queriesOn(pool)
  await migrate(db)
  boss.on('error', onError)
  await boss.start()
  opening.defer(() => boss.stop({ graceful: false, close: databaseUrl !== undefined }))
  await prepareQueues(boss, heartbeatSeconds)
  // Nobody but this process was here: what is in hands is in those of one that died.
  if (!databaseUrl) await dropAll(boss, pool)
  const queue = withinTransactions(boss, await knowQueues(boss))
  const results = resultsIn(db, queue)
  const closing = opening.move()
  return {
    queue: queueOn(boss),
    installations: installationsIn(db),
    deliveries: deliveriesIn(db, queue),
    agents: agentsIn(db),
    evaluations: evaluationsIn(db, queue),
    claims: claimsIn(db, queue),
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
    retention: retentionIn(db),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

const warn = (error: Error) => process.emitWarning(error)

/** The queue looks every few seconds for jobs whose holder is gone. */
const watchful = { superviseIntervalSeconds: 5, monitorIntervalSeconds: 5, queueCacheIntervalSeconds: 2, useListenNotify: true } as const

function server(opening: AsyncDisposableStack, connectionString: string, onError: (error: Error) => void): { pool: Pool; boss: PgBoss } {
  const pool = poolOf({ connectionString, max: 10 }, onError)
  opening.defer(() => pool.end())
  return { pool, boss: new PgBoss({ connectionString, max: 5, ...watchful }) }
}

async function embedded(
  opening: AsyncDisposableStack,
  folder: string,
  onError: (error: Error) => void,
): Promise<{ pool: Pool; boss: PgBoss }> {
  const { pool, queue } = opening.use(await openEmbedded(folder, onError))
  return { pool, boss: new PgBoss({ backend: 'pglite', db: queue, ...watchful }) }
}
