import { setTimeout as sleep } from 'node:timers/promises'
import type { Layer } from '../../domain/environment.ts'
import { ProctorError } from '../../domain/error.ts'
import { digest } from '../../lib/digest.ts'
import type { Blobs } from '../../seams/records.ts'
import type { Image } from '../../seams/sandbox.ts'
import { build, type Recipe } from './build.ts'
import type { Maker } from './container.ts'
import { statusOf } from './engine.ts'
import { lifeOf } from './owner.ts'
import { type Flights, openFlights, type PrepareOptions } from './single-flight.ts'
import type { Watchdog } from './watchdog.ts'

export type ImageScope = { readonly organisation: string; readonly trust: string; readonly blobs: Pick<Blobs, 'get'> }
export type Images = { prepare(recipe: readonly Layer[], options: PrepareOptions): Promise<Image> }

export const snapshotRepository = 'proctor-snapshot'
const dayMs = 86_400_000
/** How often a process looks whether a neighbour's build of the same image has ended. */
const neighbourMs = 500

/** Recipes become images here: found, or built once, whoever asks. Nobody outside the scope's organisation and trust gets them. */
export function openImages(maker: Maker, watchdog: Watchdog, scope: ImageScope): Images {
  const flights: Flights<Image> = openFlights()
  const bases = new Map<string, Promise<Image>>()

  const findBase = (name: string) => {
    const found = bases.get(name) ?? inspectBase(maker, name)
    bases.set(name, found)
    found.catch(() => bases.delete(name))
    return found
  }

  return {
    async prepare(recipe, options) {
      const [first, ...layers] = recipe
      if (!first || !('base' in first)) throw new ProctorError('internal_error', 'The recipe of an image begins with its base.')
      const base = await findBase(first.base)
      if (layers.length === 0) return base
      const names = layers.map((_, at) => snapshotName(scope, base, layers.slice(0, at + 1)))
      const full = names.at(-1) ?? ''
      return flights.join(full, options, ({ signal, onLog }) => {
        const made = obtain({ maker, watchdog, blobs: scope.blobs, base, layers, names, signal, onLog })
        // Whoever asked may have gone; what the build leaves is still to be removed.
        maker.engine.background('finish a build', () => made.catch(() => {}))
        return made
      })
    },
  }
}

/** Across processes the build container's name is the lock: the engine gives a name to one container only. */
async function obtain(recipe: Recipe): Promise<Image> {
  const { maker, names, signal } = recipe
  const full = names.at(-1) ?? ''
  const lock = `proctor-build-${full.slice(full.indexOf(':') + 1, full.indexOf(':') + 33)}`
  for (;;) {
    signal.throwIfAborted()
    const ready = await findSnapshot(maker, full)
    if (ready) return ready
    const built = await build({ ...recipe, lock, find: (name) => findSnapshot(maker, name) })
    if (built) return built
    await awaitNeighbour(maker, lock, signal)
  }
}

async function awaitNeighbour({ engine }: Maker, lock: string, signal: AbortSignal): Promise<void> {
  const container = engine.docker.getContainer(lock)
  try {
    const { Config } = await engine.call('look at a build', (abortSignal) => container.inspect({ abortSignal }), { signal })
    const owner = Config.Labels['proctor.owner'] ?? ''
    if (lifeOf(owner) === 'dead') return void (await engine.call('remove a dead build', () => container.remove({ force: true, v: true })))
  } catch (thrown) {
    // It ended while we looked.
    if (statusOf(thrown) !== 404 && statusOf(thrown) !== 409) throw thrown
  }
  await sleep(neighbourMs, undefined, { signal })
}

async function inspectBase({ engine }: Maker, name: string): Promise<Image> {
  const inspect = () => engine.docker.getImage(name).inspect()
  const image = await engine.call(`find the base image ${name}`, inspect, { missing: 'base_image_missing' })
  return { id: image.Id }
}

/** A snapshot that is used is tagged anew once a day: the engine keeps that date, and pruning goes by it. */
async function findSnapshot({ engine }: Maker, name: string): Promise<Image | undefined> {
  const image = engine.docker.getImage(name)
  const found = await engine
    .call('find a snapshot', () => image.inspect())
    .catch((thrown) => {
      if (statusOf(thrown) === 404) return undefined
      throw thrown
    })
  if (!found) return undefined
  if (Date.now() - lastUse(found) > dayMs) {
    const [repo, tag] = [snapshotRepository, name.slice(name.indexOf(':') + 1)]
    engine.background('date a snapshot', () => engine.call('date a snapshot', () => image.tag({ repo, tag })))
  }
  return { id: found.Id }
}

/** Milliseconds since 1970 of the last tagging, else of the making. */
export function lastUse(image: { readonly Created: string; readonly Metadata?: { readonly LastTagTime?: string } }): number {
  const tagged = Date.parse(image.Metadata?.LastTagTime ?? '')
  return tagged > 0 ? tagged : Date.parse(image.Created)
}

function snapshotName({ organisation, trust }: ImageScope, base: Image, layers: readonly Layer[]): string {
  return `${snapshotRepository}:${digest({ organisation, trust, base: base.id, layers }).slice('sha256:'.length)}`
}
