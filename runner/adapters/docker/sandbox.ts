import type Docker from 'dockerode'
import { ProctorError } from '../../domain/error.ts'
import { FrameReader } from '../../lib/frames.ts'
import type { Exec, ExecOptions, Sandbox } from '../../seams/sandbox.ts'
import { takeArchive } from './archive.ts'
import { borrowArchive } from './borrow-archive.ts'
import { type Maker, removeContainer, startContainer } from './container.ts'
import { type Driver, driverCommand, speak } from './driver.ts'
import { causeOfEnd, type Ending, isOutOfMemory, killContainer } from './ending.ts'
import { isolate } from './isolate.ts'
import type { ContainerSpec } from './profile.ts'
import type { Watchdog } from './watchdog.ts'

type DockerExecOptions = ExecOptions & { readonly as?: 'root' | 'user' }
export type DockerSandbox = Sandbox & {
  readonly container: Docker.Container
  /** Nothing has ended it yet. */
  readonly alive: boolean
  /** `as` counts only where the container's own user is root. */
  exec(command: readonly string[], options?: DockerExecOptions): Promise<Exec>
}
/** `onClose`: when the sandbox is closed, however that ends. */
type Request = Omit<ContainerSpec, 'command' | 'stdin'> & { readonly onClose?: () => void }

/** The longest that a command may take when its caller names no time: the longest run that an agent may ask for. */
const longestExecMs = 1_800_000
/** How long a driver may be silent after the time of what it was asked for. */
const silenceMs = 5_000
const putMs = 600_000

/** A container whose main command is the resident driver. */
export async function openSandbox(maker: Maker, watchdog: Watchdog, request: Request, signal: AbortSignal): Promise<DockerSandbox> {
  const { engine } = maker
  const spec = { ...request, command: driverCommand(request.door !== undefined), stdin: true }
  let complaint = Buffer.alloc(0)
  const onStderr = (bytes: Buffer) => {
    complaint = Buffer.concat([complaint, bytes]).subarray(-4096)
  }
  // The driver may be up before the engine says that it started it.
  let hear: Driver['hear'] = () => {}
  const reader = new FrameReader((head, body) => hear(head, body))
  const started = await startContainer(maker, spec, { onStdout: (bytes) => reader.push(bytes), onStderr }, signal)
  const { container, stdin } = started
  const driver = speak(stdin)
  hear = driver.hear
  /** What we did to it ourselves; everything else that ends it is the agent's or the engine's doing. */
  let ours: 'stop' | 'disk' | 'full' | 'silent' | undefined
  let ending: Ending | undefined
  let used = false
  const closing = new AbortController()

  const onEnd = async () => {
    if (ending) return
    const text = ours === 'full' ? "The sandbox was ended because the engine's disk is full." : 'The sandbox was stopped.'
    const known = { outOfMemory: false, reason: new ProctorError('sandbox_lost', text) }
    ending = ours ? known : await causeOfEnd(engine, container, complaint.toString())
    driver.end(ending.reason)
  }
  started.ended.then(onEnd)
  /** Whatever becomes of the engine, nobody waits for the driver any more. */
  const end = async (why: NonNullable<typeof ours>) => {
    ours ??= why
    await killContainer(engine, container).finally(onEnd)
  }
  const abandon = (why: 'disk' | 'full' | 'silent') => void end(why).catch(() => {})

  return {
    name: started.name,
    ...(request.door === undefined ? {} : { door: request.door }),
    container,
    get alive() {
      return ending === undefined && ours === undefined
    },
    async exec(command, options = {}) {
      const { timeoutMs = longestExecMs, signal: abort } = options
      abort?.throwIfAborted()
      used = true
      const { reply, kill } = driver.exec(command, { ...options, timeoutMs })
      using _watch = watchdog.watch(container, request.resources.diskMb, (why) => abandon(why === 'over' ? 'disk' : 'full'))
      // The driver keeps the time, but an agent can stop the driver; then the engine ends it all.
      let giveUp = setTimeout(abandon, timeoutMs + silenceMs, 'silent')
      const onAbort = () => {
        kill()
        clearTimeout(giveUp)
        giveUp = setTimeout(abandon, silenceMs, 'silent')
      }
      abort?.addEventListener('abort', onAbort, { once: true })
      try {
        const answer = await reply
        abort?.throwIfAborted()
        const suspicious = answer.exitCode !== 0 && !answer.timedOut
        return suspicious && (await isOutOfMemory(engine, container)) ? { ...answer, over: 'memory' } : answer
      } catch (thrown) {
        abort?.throwIfAborted()
        const dead = { exitCode: 137, timedOut: ours === 'silent', lost: 0 }
        if (ours === 'disk') return { ...dead, over: 'disk' }
        if (ours === 'silent') return dead
        if (ending?.outOfMemory) return { ...dead, over: 'memory' }
        throw thrown
      } finally {
        clearTimeout(giveUp)
        abort?.removeEventListener('abort', onAbort)
      }
    },
    async put(at, tar) {
      const giveUp = setTimeout(abandon, putMs, 'silent')
      const problem = await driver.put(at, tar).finally(() => clearTimeout(giveUp))
      if (problem === undefined) return
      const text = `A tar could not be extracted into ${at}: ${problem.trim()}`
      // Before the first command nobody but us has been here.
      throw new ProctorError(used ? 'agent_sandbox_exited' : 'internal_error', text)
    },
    take: async (at) =>
      (await borrowArchive(engine, container, at, closing.signal)) ?? (await takeArchive(engine, container, at, closing.signal)),
    halt: (how) => (how === 'stop' ? end('stop') : engine.call('pause a container', (abortSignal) => container.pause({ abortSignal }))),
    isolate: () => isolate(engine, container),
    resume: () => engine.call('resume a container', (abortSignal) => container.unpause({ abortSignal })),
    async [Symbol.asyncDispose]() {
      ours ??= 'stop'
      const closed = new ProctorError('sandbox_lost', 'The sandbox was closed.')
      driver.end(closed)
      closing.abort(closed)
      request.onClose?.()
      if (request.keep) stdin.destroy()
      else removeContainer(engine, container)
    },
  }
}
