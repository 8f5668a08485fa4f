import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { ProctorError } from '../../domain/error.ts'
import { type Engine, statusOf } from './engine.ts'

/** The end of a container, read from the engine. */
export type Ending = { readonly reason: ProctorError; readonly outOfMemory: boolean }

/** How long a container may go on after its output has ended. */
const lingerMs = 2_000
/** How long an engine that is shutting down may still answer. */
const shutdownMs = 1_500

/**
 * Why an attached stream ended that nobody here ended. An engine that is shutting down stops its containers first and
 * answers a moment longer, so what looks like the agent's doing is looked at twice.
 */
export async function causeOfEnd(engine: Engine, container: Docker.Container, complaint: string): Promise<Ending> {
  try {
    await stop(engine, container)
    const state = await stateOf(engine, container)
    if (!state.OOMKilled) await sleep(shutdownMs).then(() => stateOf(engine, container))
    const said = complaint.trim()
    const text = `The sandbox's main process ended with exit code ${state.ExitCode}.`
    return { outOfMemory: state.OOMKilled, reason: new ProctorError('agent_sandbox_exited', text, said ? { log: said } : {}) }
  } catch (thrown) {
    const reason = thrown instanceof ProctorError ? thrown : new ProctorError('internal_error', String(thrown), { cause: thrown })
    return { outOfMemory: false, reason }
  }
}

/**
 * Also true when only a child was killed for memory: until the container ends, no field of it says so, but an event does.
 * That event may come a moment after the command that was killed.
 */
export async function isOutOfMemory(engine: Engine, container: Docker.Container): Promise<boolean> {
  const state = await stateOf(engine, container)
  if (state.OOMKilled || !state.Running) return state.OOMKilled
  const filters = { container: [container.id], event: ['oom'] }
  const since = Math.floor(Date.parse(state.StartedAt) / 1000)
  const until = (Date.now() + eventMs) / 1000
  const events = await engine.call('ask for events', () => engine.docker.getEvents({ since, until, filters }))
  let said = false
  for await (const bytes of events) said ||= bytes.length > 0
  return said
}

const eventMs = 100

/** SIGKILL. Returns when every process is dead; killing what has ended is no fault. */
export async function killContainer(engine: Engine, container: Docker.Container): Promise<void> {
  const kill = (abortSignal: AbortSignal) => container.kill({ abortSignal })
  await engine.call('kill a container', kill).catch((thrown) => {
    const status = statusOf(thrown)
    if (status !== 404 && status !== 409) throw thrown
  })
}

async function stop(engine: Engine, container: Docker.Container): Promise<void> {
  const wait = (abortSignal: AbortSignal) => container.wait({ abortSignal })
  const limits = { deadlineMs: lingerMs }
  await engine.call('wait for a container', wait, limits).catch(async (thrown) => {
    if (!(thrown instanceof ProctorError) || thrown.code !== 'engine_deadline') throw thrown
    await killContainer(engine, container)
  })
}

async function stateOf(engine: Engine, container: Docker.Container) {
  return (await engine.call('inspect a container', (abortSignal) => container.inspect({ abortSignal }))).State
}
