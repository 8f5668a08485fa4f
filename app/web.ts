import { folderBlobs, loadGitHub } from '../runner/adapters/preset.ts'
import { toError } from '../runner/domain/error.ts'
import { version } from '../runner/lib/version.ts'
import { blobShelf } from './blob-shelf.ts'
import { backUp } from './jobs/back-up.ts'
import { conclude } from './jobs/conclude.ts'
import { fetchTrees } from './jobs/fetch-trees.ts'
import { ingest } from './jobs/ingest.ts'
import { lost } from './jobs/lost.ts'
import { poll } from './jobs/poll.ts'
import { progress } from './jobs/progress.ts'
import { publish } from './jobs/publish.ts'
import { reconcile } from './jobs/reconcile.ts'
import { retain } from './jobs/retain.ts'
import { sealFor } from './jobs/seal.ts'
import type { Log } from './log.ts'
import { pacedDoor } from './paced-door.ts'
import type { Settings, WebSettings } from './settings.ts'
import { openStore, type Store } from './store/open.ts'
import { openClients } from './web/clients.ts'
import { openGitHubApp } from './web/github-app.ts'
import { keepDelivery } from './web/ingest.ts'
import { openServer } from './web/server.ts'
import type { WebWorld } from './web/world.ts'

export type RunningWeb = AsyncDisposable & { readonly url: string; readonly store: Store }
export type Pace = Partial<Settings['pace']> & { readonly progressMs?: number }

/** The process that speaks to GitHub: it takes deliveries, and alone publishes. It runs nothing of anybody's. */
export async function openWeb(settings: WebSettings, log: Log, given: Pace = {}): Promise<RunningWeb> {
  await using opening = new AsyncDisposableStack()
  const { data: folder, databaseUrl, masterKey } = settings
  const pace = { progressMs: 15_000, ...settings.pace, ...given }
  const store = opening.use(
    await openStore({
      folder,
      ...(databaseUrl !== undefined && { databaseUrl }),
      ...(masterKey !== undefined && { masterKey }),
      heartbeatSeconds: pace.heartbeatSeconds,
      onError: (error) => log.error({ error: error.message }, 'store'),
    }),
  )
  const stop = new AbortController()
  opening.defer(() => stop.abort())
  const door = pacedDoor(await loadGitHub())
  const app = await openGitHubApp({ settings, take: (delivery) => keepDelivery(delivery, { store, log }), log })
  const clients = openClients({
    ...{ app, door, version },
    apiUrl: settings.apiUrl,
    given: async (installation) => (await store.installations.find(installation))?.permissions ?? undefined,
    log: (line) => log.warn(line),
  })
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
  await workOn(world, { folder, pace }, opening)
  const { backups } = store
  if (backups && pace.backupHours > 0) opening.use(backUp({ backups, log, everyMs: pace.backupHours * 3_600_000 }))
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

type Working = { readonly folder: string; readonly pace: Required<Pace> }

/** What each queue's jobs do, and what the clock does. */
async function workOn(world: WebWorld, { folder, pace }: Working, opening: AsyncDisposableStack): Promise<void> {
  const { queue } = world.store
  await queue.work('ingest', { atOnce: 4 }, ({ data, attempt }) => ingest(data.delivery, world, { attempt }))
  await queue.work('fetch', { atOnce: 4 }, ({ data }) => fetchTrees(data.evaluation, world))
  await queue.work('conclude', { atOnce: 2 }, ({ data }) => conclude(data.evaluation, world))
  await queue.work('publish', { atOnce: 8 }, ({ data }) => publish(data.evaluation, world))
  await queue.work('seal', { atOnce: 4 }, ({ data }) => sealFor(data, world))
  await queue.work('lost', {}, (job) => lost(job, world))
  await queue.work('reconcile', {}, () => reconcile(world, { stillMs: pace.reconcileSeconds * 1000 }))
  await queue.work('poll', {}, () => poll(world))
  await queue.work('retain', {}, () => retain(world, blobShelf(folder)))
  await queue.schedule('retain', '17 3 * * *')
  // After a crash nobody waits for the next time.
  await queue.send('reconcile', {})
  await queue.send('poll', {})
  const every = (ms: number, act: () => Promise<unknown>) => {
    const timer = setInterval(() => void act().catch((error: unknown) => world.log.warn(toError(error).message)), ms)
    opening.defer(() => clearInterval(timer))
  }
  every(pace.progressMs / 3, () => progress(world, pace.progressMs))
  // One of all processes does it, however many ask.
  for (const [name, seconds] of [
    ['reconcile', pace.reconcileSeconds],
    ['poll', pace.pollSeconds],
  ] as const)
    every(seconds * 1000, () => queue.send(name, {}, { singletonSeconds: seconds }))
}
