import { ProctorError } from '../../domain/error.ts'
import type { Image, Sandboxes } from '../../seams/sandbox.ts'
import { takeArchive } from './archive.ts'
import { createContainer, type Facts, type Maker, removeContainer } from './container.ts'
import { openDoors, reapDoors } from './doors.ts'
import { connect, type Engine } from './engine.ts'
import { type EngineReport, reportEngine } from './engine-report.ts'
import type { BuildTurns } from './images/build-turns.ts'
import { openCustomImages } from './images/custom-images.ts'
import { openNotes } from './images/image-notes.ts'
import { type ImageShelf, openShelf } from './images/image-shelf.ts'
import { type ImageScope, openImages } from './images/images.ts'
import { runOnce } from './once.ts'
import { thisProcess } from './owner.ts'
import { findLeftovers, type Leftover, prune, reap } from './reaper.ts'
import { openSandbox } from './sandbox.ts'
import { openSpares } from './spares.ts'
import { openWatchdog } from './watchdog.ts'

export type DockerOptions = ImageScope & {
  /** As in DOCKER_HOST. Default: the local socket. */
  readonly dockerHost?: string | undefined
  /** Whose the containers are: see owner.ts. Default: this process. */
  readonly owner?: string
  /** Where logs and failures of custom images are kept. Without it there can be none. */
  readonly imagesDir?: string
  /** Present where others build for the same organisation: custom images then wait for their turn. */
  readonly turns?: BuildTurns
  /** What went wrong where nobody waits. */
  readonly log?: (line: string) => void
}
export type DockerSandboxes = Sandboxes & AsyncDisposable & Housekeeping
export type Housekeeping = {
  leftovers(): Promise<readonly Leftover[]>
  reap(also?: { readonly kept?: boolean }): Promise<readonly Leftover[]>
  prune(days: number): Promise<readonly string[]>
  engineReport(): Promise<EngineReport>
  readonly images: ImageShelf
}

/** Sandboxes on a Docker engine. Nothing is asked of it before the first call; the first `prepare` also removes what dead owners left. */
export function openDocker({
  dockerHost,
  owner = thisProcess(),
  imagesDir,
  turns,
  log = () => {},
  ...scope
}: DockerOptions): DockerSandboxes {
  const engine = connect({ dockerHost, log })
  const facts = remember(() => readFacts(engine, dockerHost))
  const maker: Maker = { engine, owner, facts }
  const watchdog = openWatchdog(engine, facts)
  const notes = openNotes(imagesDir)
  const custom = openCustomImages({ maker, watchdog, scope, notes, turns })
  const images = openImages({ maker, watchdog, scope, custom })
  const doors = openDoors(owner, isLocal(dockerHost))
  const spares = openSpares(async ({ gateway, ...request }, signal) => {
    if (!gateway) return openSandbox(maker, watchdog, request, signal)
    const door = await doors.open()
    const close = () => engine.background('remove the door of a sandbox', () => doors.close(door))
    return openSandbox(maker, watchdog, { ...request, door, onClose: close }, signal).catch((thrown) => {
      close()
      throw thrown
    })
  })
  const tidy = remember(async () => engine.background('remove what dead owners left', () => Promise.all([reap(engine), reapDoors()])))

  return {
    async prepare(recipe, options) {
      await tidy()
      return images.prepare(recipe, options)
    },
    open: (image, profile, signal) => spares.take(image, profile, signal),
    once: (image, request, signal) => runOnce(maker, watchdog, image, request, signal),
    read: (image, path, signal) => readImage(maker, image, path, signal),
    leftovers: () => findLeftovers(engine),
    reap: (also) => reap(engine, also),
    prune: (days) => prune(maker, days),
    engineReport: () => reportEngine(engine),
    images: openShelf(engine, custom, notes),
    async [Symbol.asyncDispose]() {
      await spares[Symbol.asyncDispose]()
      await engine.settle()
      await doors[Symbol.asyncDispose]()
      engine.close()
    },
  }
}

/** A container that never starts is enough to read an image. */
async function readImage(maker: Maker, image: Image, path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const { container } = await createContainer(
    maker,
    {
      kind: 'read',
      image: image.id,
      command: ['/bin/true'],
      network: 'none',
      resources: { cpus: 1, memoryMb: 64, pids: 16, diskMb: 64 },
      privileges: 'none',
      stdin: false,
    },
    signal,
  )
  const close = () => removeContainer(maker.engine, container)
  try {
    const tar = await takeArchive(maker.engine, container, path, signal)
    if (!tar) throw new ProctorError('internal_error', `The image has nothing at ${path}.`)
    return closeAfter(tar, close)
  } catch (thrown) {
    close()
    throw thrown
  }
}

function closeAfter(tar: ReadableStream<Uint8Array>, close: () => void): ReadableStream<Uint8Array> {
  const reader = tar.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          close()
          controller.close()
        } catch (thrown) {
          close()
          throw thrown
        }
      },
      async cancel(reason) {
        close()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

async function readFacts(engine: Engine, dockerHost: string | undefined): Promise<Facts> {
  const { NCPU, DockerRootDir } = await engine.call('ask the engine about itself', () => engine.docker.info())
  return { cpus: NCPU, ...(isLocal(dockerHost) ? { dataRoot: DockerRootDir } : {}) }
}

const isLocal = (dockerHost: string | undefined) => !dockerHost || dockerHost.startsWith('unix://')

/** Asks once, and again only after a failure. */
function remember<T>(ask: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined
  return () => {
    known ??= ask().catch((thrown) => {
      known = undefined
      throw thrown
    })
    return known
  }
}
