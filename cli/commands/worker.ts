import { cpus, hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Settings } from '../../app/settings.ts'
import { ProctorError } from '../../runner/domain/error.ts'
import { version } from '../../runner/lib/version.ts'
import { readArgs, type Usage } from '../args.ts'

const usage: Usage = {
  usage: 'proctor worker [--slots N] [--organisation NAME ...]',
  about: `Executes what \`proctor web\` plans, in sandboxes of this machine's container engine. It needs DATABASE_URL, which may be of a restricted user
(docs/deploy.md), PROCTOR_DATA, which it shares with web, and the keys of model providers. It has no key of the App and no token of GitHub.`,
  positionals: { min: 0, max: 0 },
  options: [
    { name: 'slots', value: 'N', help: 'Runs at once. Default: twice the processors' },
    { name: 'organisation', value: 'NAME', many: true, help: 'Only work of this organisation' },
    { name: 'desk', value: 'SOCKET', help: 'Ask `proctor serve` through this socket; its token comes on stdin' },
  ],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const { readSettings } = await import('../../app/settings.ts')
  const { openLog } = await import('../../app/log.ts')
  const { runWorker } = await import('../../app/worker.ts')
  const { folderBlobs } = await import('../../runner/adapters/preset.ts')
  const { stopSignal } = await import('../until-stopped.ts')
  const settings = readSettings(process.env)
  const log = openLog({ level: settings.logLevel, process: 'worker' })
  const signal = stopSignal(log)
  await using closing = new AsyncDisposableStack()
  const organisations = args.list('organisation')
  await runWorker(
    {
      desk: await deskOf({ socket: args.text('desk'), settings }, closing),
      blobs: folderBlobs(settings.data),
      machine: {
        cacheDir: process.env.PROCTOR_CACHE ?? join(settings.data, 'worker', 'cache'),
        variables: settings.variables,
        version,
        keepSandboxes: false,
      },
      name: hostname(),
      slots: args.integer('slots', { min: 1, max: 256 }) ?? 2 * cpus().length,
      ...(organisations.length > 0 && { organisations }),
      defaultJudge: settings.variables.PROCTOR_JUDGE_MODEL || undefined,
      log,
    },
    signal,
  )
  return 0
}

type Asked = { readonly socket: string | undefined; readonly settings: Settings }

async function deskOf({ socket, settings: { databaseUrl, data: folder } }: Asked, closing: AsyncDisposableStack) {
  if (socket !== undefined) {
    const { socketDesk } = await import('../../app/desk/socket-client.ts')
    return socketDesk({ path: socket, token: await firstLine() })
  }
  if (databaseUrl === undefined)
    throw new ProctorError('app_misconfigured', 'DATABASE_URL: missing; a worker of its own needs the database of `proctor web`')
  const { openWorkerStore } = await import('../../app/store/open-worker.ts')
  const { storeDesk } = await import('../../app/desk/store-desk.ts')
  return storeDesk(closing.use(await openWorkerStore({ folder, databaseUrl })))
}

/** When the other end of stdin is gone, so is the server. */
async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  const token = await new Promise<string>((done) => lines.once('line', done))
  process.stdin.once('end', () => process.kill(process.pid, 'SIGTERM'))
  return token
}
