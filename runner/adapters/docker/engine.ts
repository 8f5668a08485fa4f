import http from 'node:http'
import type { NetConnectOpts } from 'node:net'
import { inspect } from 'node:util'
import Docker from 'dockerode'
import { type Code, ProctorError } from '../../domain/error.ts'

/** The engine's client. Every call has a deadline, and every fault leaves it as a code. */
export type Engine = {
  readonly docker: Docker
  /** Where it listens, when that is a plain socket. */
  readonly plain?: NetConnectOpts
  /** Throws `engine_unreachable`, `engine_deadline`, or `missing` (default `sandbox_lost`) when the engine does not know the object. */
  call<T>(what: string, run: (abortSignal: AbortSignal) => Promise<T>, limits?: CallLimits): Promise<T>
  /** Work that nobody waits for now; `settle` does. Its failure is logged, never thrown. */
  background(what: string, work: () => Promise<unknown>): void
  settle(): Promise<void>
  close(): void
}
export type CallLimits = { readonly deadlineMs?: number; readonly signal?: AbortSignal; readonly missing?: Code }

/** A loaded engine starts a container in seconds; one that is silent for longer is stuck. */
const defaultDeadlineMs = 60_000

export function connect({ dockerHost, log }: { dockerHost?: string | undefined; log: (line: string) => void }): Engine {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 16 })
  // The modem formats each request for a debug log that is off, with the agent and all of its sockets: most of a run's own CPU time.
  Object.assign(agent, { [inspect.custom]: () => 'http.Agent' })
  // The modem under dockerode takes an agent; the types do not say so.
  const found = address(dockerHost)
  const options: Docker.DockerOptions & { agent: http.Agent } = { ...found, agent }
  const docker = new Docker(options)
  const pending = new Set<Promise<unknown>>()
  return {
    docker,
    ...plainOf(found),
    call,
    background(what, work) {
      const task = work()
        .catch((thrown) => log(`${what}: ${thrown instanceof Error ? thrown.message : thrown}`))
        .finally(() => pending.delete(task))
      pending.add(task)
    },
    async settle() {
      while (pending.size > 0) await Promise.all(pending)
    },
    close: () => agent.destroy(),
  }
}

async function call<T>(
  what: string,
  run: (abortSignal: AbortSignal) => Promise<T>,
  { deadlineMs = defaultDeadlineMs, signal, missing = 'sandbox_lost' }: CallLimits = {},
): Promise<T> {
  signal?.throwIfAborted()
  const abort = new AbortController()
  const stopped = Promise.withResolvers<never>()
  stopped.promise.catch(() => {})
  const stop = (reason: unknown) => {
    stopped.reject(reason)
    abort.abort()
  }
  const late = () => stop(new ProctorError('engine_deadline', `The engine did not finish "${what}" within ${deadlineMs / 1000} s.`))
  const timer = setTimeout(late, deadlineMs)
  const onAbort = () => stop(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([run(abort.signal), stopped.promise])
  } catch (thrown) {
    throw signal?.aborted ? signal.reason : toEngineError(what, thrown, missing)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** What dockerode throws, as one of our codes: an HTTP status when the engine answered, a socket's code when it did not. */
function toEngineError(what: string, thrown: unknown, missing: Code = 'sandbox_lost'): ProctorError {
  if (thrown instanceof ProctorError) return thrown
  const text = thrown instanceof Error ? thrown.message.trim() : String(thrown)
  const status = statusOf(thrown)
  if (status === undefined) return new ProctorError('engine_unreachable', `${what}: ${text}`, { cause: thrown })
  const code = status === 404 ? missing : status === 409 ? 'sandbox_lost' : 'engine_unreachable'
  return new ProctorError(code, `${what}: ${text}`, { cause: thrown })
}

/** The HTTP status of the engine's refusal, or undefined when it did not answer. */
export function statusOf(thrown: unknown): number | undefined {
  const source = thrown instanceof ProctorError ? thrown.cause : thrown
  return source instanceof Error && 'statusCode' in source && typeof source.statusCode === 'number' ? source.statusCode : undefined
}

/** `undefined` fields keep dockerode from reading DOCKER_HOST on its own. */
function address(dockerHost: string | undefined): Docker.DockerOptions {
  const local = { host: undefined, port: undefined }
  if (!dockerHost) return { ...local, socketPath: '/var/run/docker.sock' } as Docker.DockerOptions // the type forbids explicit undefined
  if (dockerHost.startsWith('unix://')) return { ...local, socketPath: dockerHost.slice('unix://'.length) } as Docker.DockerOptions
  const url = new URL(dockerHost.includes('//') ? dockerHost : `tcp://${dockerHost}`)
  const protocol = url.protocol === 'https:' ? 'https' : url.protocol === 'ssh:' ? 'ssh' : 'http'
  return { host: url.hostname, port: url.port || 2375, protocol, ...(url.username ? { username: url.username } : {}) }
}

function plainOf({ socketPath, protocol, host, port }: Docker.DockerOptions): Pick<Engine, 'plain'> {
  if (socketPath) return { plain: { path: socketPath } }
  return protocol === 'http' && host ? { plain: { host, port: Number(port) } } : {}
}
