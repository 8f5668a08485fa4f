import { folderBlobs, loadGitHub } from '../runner/adapters/preset.ts'
import { toError } from '../runner/domain/error.ts'
import { version } from '../runner/lib/version.ts'
import { blobShelf } from './blob-shelf.ts'
import { conclude } from './jobs/conclude.ts'
import { fetchTrees } from './jobs/fetch-trees.ts'
import { ingest } from './jobs/ingest.ts'
import { lost } from './jobs/lost.ts'
import { poll } from './jobs/poll.ts'
import { publish } from './jobs/publish.ts'
import { progress, reconcile } from './jobs/reconcile.ts'
import { retain } from './jobs/retain.ts'
import { sealFor } from './jobs/seal.ts'
import type { Log } from './log.ts'
import type { WebSettings } from './settings.ts'
import { openStore, type Store } from './store/open.ts'
import { openClients } from './web/clients.ts'
import { openGitHubApp } from './web/github-app.ts'
import { keepDelivery } from './web/ingest.ts'
import { openServer } from './web/server.ts'
import type { WebWorld } from './web/world.ts'

export type RunningWeb = AsyncDisposable & { readonly url: string; readonly store: Store }
export type Pace = { readonly progressMs?: number; readonly heartbeatSeconds?: number; readonly stillMs?: number }

/** The process that speaks to GitHub: it takes deliveries, and alone publishes. It runs nothing of anybody's. */
export async function openWeb(
  settings: WebSettings,
  log: Log,
  { progressMs = 15_000, heartbeatSeconds, stillMs }: Pace = {},
): Promise<RunningWeb> {
  await using opening = new AsyncDisposableStack()
  const { data: folder, databaseUrl, masterKey } = settings
  const store = opening.use(
    await openStore({
      folder,
      ...(databaseUrl !== undefined && { databaseUrl }),
      ...(masterKey !== undefined && { masterKey }),
      ...(heartbeatSeconds !== undefined && { heartbeatSeconds }),
      onError: (error) => log.error({ error: error.message }, 'store'),
    }),
  )
  const stop = new AbortController()
  opening.defer(() => stop.abort())
  const door = await loadGitHub()
  const app = await openGitHubApp({ settings, take: (delivery) => keepDelivery(delivery, { store, log }), log })
  const clients = openClients({ app, door, apiUrl: settings.apiUrl, version, log: (line) => log.info(line) })
  const world: WebWorld = {
    store,
    blobs: folderBlobs(folder),
    app,
    clients,
    door,
    serverUrl: settings.serverUrl,
    version,
    log,
    signal: stop.signal,
  }
  await workOn(world, { folder, progressMs, stillMs }, opening)
  const server = opening.use(
    await openServer({
      host: settings.host,
      port: settings.port,
      routes: { [settings.webhookPath]: app.webhooks },
      ready: async () => void (await store.queue.depth('ingest')),
      log: (fields, message) => log.warn(fields, message),
    }),
  )
  log.info({ url: server.url, path: settings.webhookPath, database: databaseUrl === undefined ? 'embedded' : 'server' }, 'listening')
  const closing = opening.move()
  return { url: server.url, store, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

type Working = { readonly folder: string; readonly progressMs: number; readonly stillMs: number | undefined }

/** What each queue's jobs do, and what the clock does. */
async function workOn(world: WebWorld, { folder, progressMs, stillMs }: Working, opening: AsyncDisposableStack): Promise<void> {
  const { queue } = world.store
  await queue.work('ingest', { atOnce: 4 }, ({ data }) => ingest(data.delivery, world))
  await queue.work('fetch', { atOnce: 4 }, ({ data }) => fetchTrees(data.evaluation, world))
  await queue.work('conclude', { atOnce: 2 }, ({ data }) => conclude(data.evaluation, world))
  await queue.work('publish', { atOnce: 4 }, ({ data }) => publish(data.evaluation, world))
  await queue.work('seal', { atOnce: 4 }, ({ data }) => sealFor(data, world))
  await queue.work('lost', {}, (job) => lost(job, world))
  await queue.work('reconcile', {}, () => reconcile(world, { ...(stillMs !== undefined && { stillMs }) }))
  await queue.work('poll', {}, () => poll(world))
  await queue.work('retain', {}, () => retain(world, blobShelf(folder)))
  await queue.schedule('reconcile', '* * * * *')
  await queue.schedule('poll', '*/10 * * * *')
  await queue.schedule('retain', '17 3 * * *')
  // After a crash nobody waits for the next minute.
  await queue.send('reconcile', {})
  const shown = new Map<string, number>()
  const timer = setInterval(() => void progress(world, shown).catch((error: unknown) => world.log.warn(toError(error).message)), progressMs)
  opening.defer(() => clearInterval(timer))
}
