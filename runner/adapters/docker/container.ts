import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { demux } from './attach.ts'
import { type Engine, statusOf } from './engine.ts'
import { owe } from './owed.ts'
import { type ContainerSpec, createOptions } from './profile.ts'

/** What every container of ours needs to know of its maker. */
export type Maker = { readonly engine: Engine; readonly owner: string; readonly facts: () => Promise<Facts> }
/** `dataRoot`: where the engine keeps containers, when that is on this machine. */
export type Facts = { readonly cpus: number; readonly dataRoot?: string }

export type Started = {
  readonly container: Docker.Container
  readonly name: string
  readonly stdin: Duplex
  /** The attached stream ended: the main command closed its output, the container stopped, or the engine went away. */
  readonly ended: Promise<void>
}
type Output = { readonly onStdout: (bytes: Buffer) => void; readonly onStderr: (bytes: Buffer) => void }

/** Creates, attaches, then starts, so that no byte is missed. Leaves nothing behind when it fails or is aborted. */
export async function startContainer(
  maker: Maker,
  spec: ContainerSpec,
  { onStdout, onStderr }: Output,
  signal: AbortSignal,
): Promise<Started> {
  const { engine } = maker
  const { container, name } = await createContainer(maker, spec, signal)
  try {
    const stdin = await attach(engine, container, spec.stdin, signal)
    const ended = demux(stdin, { stdout: onStdout, stderr: onStderr })
    await engine.call('start a container', (abortSignal) => container.start({ abortSignal }), { signal })
    return { container, name, stdin, ended }
  } catch (thrown) {
    removeContainer(engine, container)
    throw thrown
  }
}

export async function createContainer(maker: Maker, spec: ContainerSpec, signal: AbortSignal) {
  const name = spec.name ?? `proctor-${spec.kind}-${randomBytes(6).toString('hex')}`
  const { cpus } = await maker.facts()
  const options = createOptions(spec, { owner: maker.owner, cpus })
  const { engine } = maker
  try {
    // Apart, because dockerode otherwise writes all of the body into the address as well; its types know only that way.
    const request = (abortSignal: AbortSignal) => ({ _query: { name }, _body: options, abortSignal }) as Docker.ContainerCreateOptions
    const create = (abortSignal: AbortSignal) => engine.docker.createContainer(request(abortSignal))
    return { name, container: await engine.call('create a container', create, { signal, missing: 'base_image_missing' }) }
  } catch (thrown) {
    // Stopped half way, the engine may have made it all the same.
    if (statusOf(thrown) === undefined) engine.background('look for a half-made container', () => removeOurs(maker, name))
    throw thrown
  }
}

/** Off the critical path: `settle` waits for it. */
export function removeContainer(engine: Engine, container: Docker.Container): void {
  engine.background('remove a container', () => remove(engine, container))
}

async function remove(engine: Engine, container: Docker.Container): Promise<void> {
  const attempt = (abortSignal: AbortSignal) =>
    container.remove({ force: true, v: true, abortSignal }).catch((thrown: { statusCode?: number }) => {
      // 404: it is gone; 409: the engine is removing it.
      if (thrown.statusCode !== 404 && thrown.statusCode !== 409) throw thrown
    })
  await engine.call('remove a container', attempt).catch((thrown) => {
    owe(container.id)
    throw thrown
  })
}

async function attach(engine: Engine, container: Docker.Container, stdin: boolean, signal: AbortSignal): Promise<Duplex> {
  const options = { stream: true, stdin, stdout: true, stderr: true, hijack: true }
  const stream = await engine.call('attach to a container', (abortSignal) => container.attach({ ...options, abortSignal }), { signal })
  stream.on('error', () => {})
  // With `hijack` dockerode hands over the socket itself, which its types call a NodeJS.ReadWriteStream.
  return stream as Duplex
}

/** A name can be a neighbour's: builds of the same image have the same one. */
async function removeOurs({ engine, owner }: Maker, name: string): Promise<void> {
  const container = engine.docker.getContainer(name)
  // A loaded engine may still be making it.
  for (const waitMs of [0, 1000]) {
    await sleep(waitMs)
    const found = await engine
      .call('inspect a container', (abortSignal) => container.inspect({ abortSignal }))
      .catch((thrown) => void (statusOf(thrown) === undefined && owe(name)))
    if (found?.Config.Labels['proctor.owner'] === owner) return remove(engine, container)
    if (found) return
  }
}
