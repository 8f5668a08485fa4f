import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { webhookSecret } from './app.ts'
import { root } from './cli.ts'
import type { Hub } from './github/hub.ts'

/** One process of the App, started as an operator starts it, and again after it was killed. */
type AppProcess = {
  readonly name: string
  readonly pid: number | undefined
  start(): void
  /** At once, without a word. */
  kill(): Promise<void>
  /** Lines of its log, of all its lives. */
  readonly lines: readonly string[]
}
export type Processes = AsyncDisposable & {
  readonly web: AppProcess
  readonly url: string
  readonly workers: readonly AppProcess[]
  readonly data: string
}
type Options = {
  readonly hub: Hub /** Undefined: the embedded one; then there can be no workers. */
  readonly databaseUrl: string | undefined
  readonly dockerHost?: string | undefined
  readonly workers: number
}

/** `proctor web` and some `proctor worker`, quick to notice what died, and the hub telling them what happens. */
export async function openProcesses({ hub, databaseUrl, dockerHost, workers: many }: Options): Promise<Processes> {
  await using opening = new AsyncDisposableStack()
  const data = await mkdtemp(join(tmpdir(), 'proctor-processes-'))
  opening.defer(() => rm(data, { recursive: true, force: true, maxRetries: 5 }))
  const port = await freePort()
  const common = {
    PATH: process.env.PATH ?? '',
    HOME: data,
    PROCTOR_DATA: data,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    PROCTOR_HEARTBEAT_SECONDS: '10',
    PROCTOR_RECONCILE_SECONDS: '5',
    PROCTOR_POLL_SECONDS: '4',
  }
  const web = openProcess('web', ['web'], {
    ...common,
    APP_ID: String(hub.app.id),
    PRIVATE_KEY: hub.app.key,
    WEBHOOK_SECRET: webhookSecret,
    GITHUB_API_URL: hub.apiUrl,
    GITHUB_SERVER_URL: hub.serverUrl,
    PORT: String(port),
    PROCTOR_MASTER_KEY: 'a passphrase of this test alone',
  })
  const workers = Array.from({ length: many }, (_, at) =>
    openProcess(`worker ${at + 1}`, ['worker', '--slots', '2'], {
      ...common,
      ...(dockerHost !== undefined && { DOCKER_HOST: dockerHost }),
      PROCTOR_CACHE: join(data, 'worker', String(at), 'cache'),
    }),
  )
  hub.webhook(`http://127.0.0.1:${port}/api/github/webhooks`, webhookSecret)
  opening.defer(() => hub.webhook('', '', []))
  for (const each of [web, ...workers]) {
    each.start()
    opening.defer(() => each.kill())
  }
  const closing = opening.move()
  return { web, url: `http://127.0.0.1:${port}`, workers, data, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

function openProcess(name: string, args: readonly string[], env: Readonly<Record<string, string>>): AppProcess {
  const lines: string[] = []
  let child: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  const isAlive = () => child !== undefined && child.exitCode === null && child.signalCode === null
  const show = process.env.PROCTOR_TEST_LOG !== undefined
  const start = () => {
    clearTimeout(timer)
    const begun = spawn(process.execPath, [join(root, 'cli', 'index.ts'), ...args], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    child = begun
    // One that ends by itself is started again, as a service is.
    begun.once('exit', (_, signal) => {
      if (signal === null) timer = setTimeout(start, 1000)
    })
    for (const input of [begun.stdout, begun.stderr])
      createInterface({ input }).on('line', (line) => {
        if (show) process.stderr.write(`${line}\n`)
        lines.push(line)
      })
  }
  return {
    name,
    lines,
    start,
    get pid() {
      return child?.pid
    },
    async kill() {
      clearTimeout(timer)
      if (!child || !isAlive()) return
      const ended = new Promise((done) => child?.once('exit', done))
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo // listening on TCP
  await new Promise((closed) => server.close(closed))
  return port
}
