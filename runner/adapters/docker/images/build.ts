import type { Layer, Resources } from '../../../domain/environment.ts'
import { ProctorError } from '../../../domain/error.ts'
import { oneLine } from '../../../report/plain.ts'
import type { Blobs } from '../../../seams/records.ts'
import type { Image } from '../../../seams/sandbox.ts'
import type { Maker } from '../container.ts'
import { statusOf } from '../engine.ts'
import { type DockerSandbox, openSandbox } from '../sandbox.ts'
import type { Watchdog } from '../watchdog.ts'
import { removeHolder } from './holder.ts'

export type Recipe = {
  readonly maker: Maker
  readonly watchdog: Watchdog
  readonly blobs: Pick<Blobs, 'get'>
  readonly base: Image
  readonly layers: readonly Layer[]
  /** The snapshot's name after each layer. */
  readonly names: readonly string[]
  readonly signal: AbortSignal
  readonly onLog: (text: string) => void
}
type Build = Recipe & {
  /** Name of the build container. */
  readonly lock: string
  readonly find: (name: string) => Promise<Image | undefined>
  /** An image with a state of its own: its digest, a label of it and of all that is made of it; and what to do once the lock is ours. */
  readonly custom?: { readonly digest: string; readonly begin: () => Promise<void> }
}
type RunLayer = Extract<Layer, { run: string }>

/** A build serves many runs and comes from the same author, so its limits are wide. */
const resources: Resources = { cpus: 64, memoryMb: 8192, pids: 4096, diskMb: 20_480 }
const stepMs = 1_800_000
const commitMs = 600_000
const logTail = 8_192
const maxTitle = 500
/** Which custom image something is, or is made of: the engine hands labels on from image to image and container. */
export const imageLabel = 'proctor.image'

/** Runs the layers that no snapshot has yet in one container, and commits what they made under the last name. Undefined when somebody holds the lock. */
export async function build(request: Build): Promise<Image | undefined> {
  const { layers, names, find, signal, blobs, custom, onLog } = request
  const { from, rest } = await longestPrefix(request)
  const online = rest.some((layer) => 'run' in layer && layer.network === 'open')
  const sandbox = await openBuild(request, from, online)
  if (!sandbox) return undefined
  try {
    // Whoever held the lock before may have made it.
    const full = names.at(-1) ?? ''
    const made = await find(full)
    if (made) return made
    await custom?.begin()
    const network = networkSwitch(request, sandbox, online)
    if (custom) for (const layer of layers.slice(0, layers.length - rest.length)) onLog(stepLine(layers, layer, ' (built before)'))
    for (const layer of rest) {
      signal.throwIfAborted()
      if (custom) onLog(stepLine(layers, layer))
      if ('put' in layer) await sandbox.put(layer.at, await blobs.get(layer.put))
      else if ('run' in layer) {
        await network(layer.network)
        await runLayer(request, sandbox, layer)
      } else throw new ProctorError('internal_error', `The recipe names a base after its first of ${layers.length + 1} layers.`)
    }
    await sandbox.halt('stop')
    return await commit(request, sandbox, full)
  } finally {
    await sandbox[Symbol.asyncDispose]()
    // The name is what others are refused by: it is free when this returns.
    if (custom) await removeHolder(request.maker, request.lock).catch(() => {})
  }
}

const titleOf = ({ title, run }: RunLayer) => title ?? run
const stepLine = (layers: readonly Layer[], layer: Layer, after = '') =>
  `Step ${layers.indexOf(layer) + 1}/${layers.length}: ${'run' in layer ? oneLine(titleOf(layer), maxTitle) : 'files'}${after}\n`

async function openBuild(
  { maker, watchdog, lock, signal, custom }: Build,
  from: Image,
  online: boolean,
): Promise<DockerSandbox | undefined> {
  const network = online ? 'open' : 'none'
  const request = {
    kind: 'build',
    name: lock,
    image: from.id,
    user: 'root',
    network,
    resources,
    privileges: 'sudo',
    run: custom?.digest ?? '',
  } as const
  return openSandbox(maker, watchdog, request, signal).catch((thrown) => {
    if (statusOf(thrown) === 409) return undefined
    throw thrown
  })
}

async function longestPrefix({ base, layers, names, find }: Build): Promise<{ from: Image; rest: readonly Layer[] }> {
  for (let length = layers.length - 1; length > 0; length -= 1) {
    const from = await find(names[length - 1] ?? '')
    if (from) return { from, rest: layers.slice(length) }
  }
  return { from: base, rest: layers }
}

async function runLayer({ onLog, signal }: Build, sandbox: DockerSandbox, layer: RunLayer): Promise<void> {
  const { run, as, cwd, env, blame } = layer
  const command = titleOf(layer)
  const decoder = new TextDecoder()
  let tail = ''
  const onOutput = ({ bytes }: { bytes: Uint8Array }) => {
    const text = decoder.decode(bytes, { stream: true })
    tail = (tail + text).slice(-logTail)
    onLog(text)
  }
  const options = { as, cwd: cwd ?? '/home/user', ...(env ? { env } : {}), timeoutMs: stepMs, signal, onOutput }
  const fail = (how: string) => new ProctorError(blame, `A step of the environment ${how}: ${command}`, { command, log: tail })
  try {
    const done = await sandbox.exec(oneStream(run), options)
    if (done.over) throw fail(`went over its ${done.over} limit`)
    if (done.timedOut) throw fail(`took longer than ${stepMs / 60_000} minutes`)
    if (blame === 'python_not_available' && done.exitCode === 64) throw new ProctorError(blame, lastLine(tail), { command, log: tail })
    if (done.exitCode !== 0) throw fail(`exited with ${done.exitCode}`)
  } catch (thrown) {
    if (thrown instanceof ProctorError && thrown.code === 'agent_sandbox_exited') throw fail('ended its own sandbox')
    throw thrown
  }
}

const lastLine = (text: string) => oneLine(text.trimEnd().split('\n').at(-1) ?? '', 1000)

/** Errors among the output where they belong: two pipes lose their order. */
const oneStream = (run: string) => ['/bin/bash', '-c', 'exec /bin/bash -c "$0" 2>&1', run]

/** A container cannot leave `--network none`, so one that needs the network at all starts with it and loses it in between. */
function networkSwitch({ maker: { engine } }: Build, { container }: DockerSandbox, online: boolean) {
  const bridge = engine.docker.getNetwork('bridge')
  let connected = online
  return async (wanted: 'none' | 'open') => {
    if (!online || connected === (wanted === 'open')) return
    connected = wanted === 'open'
    const change = () => (connected ? bridge.connect({ Container: container.id }) : bridge.disconnect({ Container: container.id }))
    await engine.call('switch the network of a build', change)
  }
}

/** The image says nothing of who built it: containers inherit the labels and the user of their image. */
async function commit({ maker: { engine }, custom }: Build, { container }: DockerSandbox, name: string): Promise<Image> {
  const [repo, tag] = name.split(':')
  const config = {
    User: 'user',
    Cmd: ['/bin/bash'],
    WorkingDir: '/home/user',
    Labels: { 'proctor.kind': 'snapshot', 'proctor.owner': '', 'proctor.run': '', ...(custom ? { [imageLabel]: custom.digest } : {}) },
  }
  const run = () =>
    container.commit({ _query: { repo, tag, container: container.id, pause: false }, _body: config, container: container.id })
  const { Id } = await engine.call('commit a snapshot', run, { deadlineMs: commitMs })
  return { id: Id }
}
