import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveDesk } from './desk/socket-server.ts'
import { storeDesk } from './desk/store-desk.ts'
import type { Log } from './log.ts'
import { masterKeyIn } from './serve/master-key.ts'
import { readyForWorker, workerUser } from './serve/worker-user.ts'
import type { WebSettings } from './settings.ts'
import { openWeb, type Pace, type RunningWeb } from './web.ts'
import { workerVariables } from './worker-variables.ts'

/** `command` = what starts a worker in a process of its own, such as [node, proctor, worker]. */
type Serving = {
  readonly settings: WebSettings
  readonly command: readonly [string, ...string[]]
  readonly slots: number
  readonly log: Log
  readonly pace?: Pace
}
/** ms before a worker that ended is started again; a second longer each time, up to a minute. */
const againMs = 1000

/**
 * Web and one worker on one box. The worker is another process, with an environment that holds no key of the App, under another user where
 * that is possible; it reaches the store through a socket alone. What gets out of a container and into that user still cannot read the key;
 * what becomes root can: whoever must be safe from that has the two on two machines.
 */
export async function openServe({ settings, command, slots, log, pace }: Serving): Promise<RunningWeb> {
  await using opening = new AsyncDisposableStack()
  const masterKey = settings.masterKey ?? (settings.databaseUrl === undefined ? await masterKeyIn(settings.data) : undefined)
  const web = opening.use(await openWeb({ ...settings, ...(masterKey !== undefined && { masterKey }) }, log, pace))
  const user = await workerUser(settings)
  await readyForWorker(
    settings.data,
    user,
    command.filter((part) => part.startsWith('/')),
  )
  const folder = await mkdtemp(join(tmpdir(), 'proctor-desk-'))
  opening.defer(() => rm(folder, { recursive: true, force: true }))
  const [path, token] = [join(folder, 'desk.sock'), randomBytes(32).toString('hex')]
  opening.use(await serveDesk({ desk: storeDesk(web.store), path, token }))
  if (user) for (const one of [folder, path]) await chown(one, user.uid, user.gid)
  await chmod(path, 0o600)
  const [file, ...args] = command
  const start = () =>
    spawn(file, [...args, '--desk', path, '--slots', String(slots)], {
      env: workerVariables(settings.variables, { data: settings.data, home: user?.home }),
      stdio: ['pipe', 'inherit', 'inherit'],
      ...(user && { uid: user.uid, gid: user.gid }),
    })
  opening.use(keepAlive(start, { token, log }))
  const closing = opening.move()
  return { url: web.url, store: web.store, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

/** The token comes on stdin: an environment can be read by others of the same user, and an argument by everybody. */
function keepAlive(start: () => ChildProcess, { token, log }: { readonly token: string; readonly log: Log }): AsyncDisposable {
  let stopping = false
  let tries = 0
  let timer: NodeJS.Timeout | undefined
  let child = begin()

  function begin(): ChildProcess {
    const made = start()
    made.stdin?.on('error', () => {}) // it ended before it read
    made.stdin?.write(`${token}\n`)
    const begun = Date.now()
    made.once('error', (error) => log.error({ error: error.message }, 'the worker could not be started'))
    made.once('close', (code, signal) => {
      if (stopping) return
      tries = Date.now() - begun > 60_000 ? 1 : tries + 1
      log.error({ code, signal }, 'the worker ended, and is started again')
      timer = setTimeout(() => {
        child = begin()
      }, Math.min(60, tries) * againMs)
    })
    return made
  }
  return {
    async [Symbol.asyncDispose]() {
      stopping = true
      clearTimeout(timer)
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
      const ended = new Promise((done) => child.once('close', done))
      // Its stdin ends too, so that it stops even if the signal is not for us to send.
      child.stdin?.end()
      child.kill('SIGTERM')
      await Promise.race([ended, new Promise((done) => setTimeout(done, 30_000).unref())])
      child.kill('SIGKILL')
    },
  }
}
