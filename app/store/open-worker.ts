import { buildsIn } from './builds.ts'
import { chunksIn } from './chunks.ts'
import { claimsIn } from './claims.ts'
import { type ConnectOptions, connect } from './connect.ts'
import { expectUpToDate } from './database/migrate.ts'
import { queriesOn } from './database/pool.ts'
import { evaluationsIn } from './evaluations.ts'
import { installationsIn } from './github/installations.ts'
import { knowQueues, withinTransactions } from './queue.ts'
import { resultsIn } from './results.ts'
import { workersIn } from './workers.ts'

export type WorkerStore = Awaited<ReturnType<typeof openWorkerStore>>

/**
 * The part of the store that a worker elsewhere works with, through a login that may do no more than that. Nothing is migrated.
 * Throws `database_too_old` and `database_too_new`.
 */
export async function openWorkerStore({ databaseUrl, ...options }: ConnectOptions & { readonly databaseUrl: string }) {
  await using opening = new AsyncDisposableStack()
  const { pool, boss } = opening.use(await connect({ ...options, databaseUrl, asWorker: true }))
  const db = queriesOn(pool)
  await expectUpToDate(db)
  await boss.start()
  const queue = withinTransactions(boss, await knowQueues(boss, ['plan', 'chunk', 'conclude', 'seal']))
  const closing = opening.move()
  return {
    workers: workersIn(db),
    claims: claimsIn(db, queue),
    builds: buildsIn(db, queue),
    chunks: chunksIn(db, queue),
    results: resultsIn(db, queue),
    evaluations: evaluationsIn(db, queue),
    installations: installationsIn(db),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}
