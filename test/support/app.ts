import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeDesk } from '../../app/desk/store-desk.ts'
import { openLog } from '../../app/log.ts'
import { readWebSettings } from '../../app/settings.ts'
import { openWeb, type RunningWeb } from '../../app/web.ts'
import { runWorker } from '../../app/worker.ts'
import { folderBlobs } from '../../runner/adapters/preset.ts'
import type { Hub } from './github/hub.ts'

export const webhookSecret = '0f9d2c6b8a7e41d3b5c8e2f7a1946d30'
const level = process.env.PROCTOR_TEST_LOG || 'silent'

/** The App of a hub, its web process and one worker in this process, with a store of its own. */
export async function openApp(
  hub: Hub,
  { databaseUrl }: { readonly databaseUrl?: string | undefined } = {},
): Promise<RunningWeb & { readonly data: string }> {
  await using opening = new AsyncDisposableStack()
  const data = await mkdtemp(join(tmpdir(), 'proctor-app-'))
  opening.defer(() => rm(data, { recursive: true, force: true, maxRetries: 5 }))
  const settings = readWebSettings({
    APP_ID: String(hub.app.id),
    PRIVATE_KEY: hub.app.key,
    WEBHOOK_SECRET: webhookSecret,
    GITHUB_API_URL: hub.apiUrl,
    GITHUB_SERVER_URL: hub.serverUrl,
    PORT: '0',
    PROCTOR_DATA: data,
    PROCTOR_MASTER_KEY: 'a passphrase of this test alone',
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  })
  const web = opening.use(
    await openWeb(settings, openLog({ level, process: 'web' }), { progressMs: 1000, heartbeatSeconds: 10, reconcileSeconds: 5 }),
  )
  hub.webhook(`${web.url}${settings.webhookPath}`, webhookSecret)
  opening.defer(() => hub.webhook('', '', []))
  const stop = new AbortController()
  const worker = runWorker(
    {
      desk: storeDesk(web.store),
      blobs: folderBlobs(data),
      machine: {
        cacheDir: join(data, 'worker', 'cache'),
        variables: { PATH: process.env.PATH, HOME: data, DOCKER_HOST: process.env.DOCKER_HOST },
        version: 'test',
        keepSandboxes: false,
      },
      name: 'test',
      slots: 2,
      log: openLog({ level, process: 'worker' }),
      beatMs: 1000,
    },
    stop.signal,
  )
  opening.defer(async () => {
    stop.abort()
    await worker
  })
  const closing = opening.move()
  return { url: web.url, store: web.store, data, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}
