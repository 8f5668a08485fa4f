import { setTimeout as sleep } from 'node:timers/promises'
import type { Layer } from '../../../domain/environment.ts'
import { ProctorError } from '../../../domain/error.ts'
import type { Blobs } from '../../../seams/records.ts'
import type { CustomPart, Image } from '../../../seams/sandbox.ts'
import type { Maker } from '../container.ts'
import type { Watchdog } from '../watchdog.ts'
import { build, type Recipe } from './build.ts'
import type { CustomImages } from './custom-images.ts'
import { holderOf, removeHolder } from './holder.ts'
import { openFlights, type PrepareOptions } from './single-flight.ts'
import { findSnapshot, inspectBase, type SnapshotScope, snapshotName, tagOf } from './snapshots.ts'

export type ImageScope = SnapshotScope & { readonly blobs: Pick<Blobs, 'get'> }
export type Images = { prepare(recipe: readonly Layer[], options: PrepareOptions & { readonly custom?: CustomPart }): Promise<Image> }
type Parts = { readonly maker: Maker; readonly watchdog: Watchdog; readonly scope: ImageScope; readonly custom: CustomImages }

/** How often a process looks whether a neighbour's build of the same image has ended. */
const neighbourMs = 500

/** Recipes become images here: found, or built once, whoever asks. Nobody outside the scope's organisation and trust gets them. */
export function openImages({ maker, watchdog, scope, custom }: Parts): Images {
  const flights = openFlights<Image>()
  const bases = new Map<string, Promise<Image>>()

  const findBase = (name: string) => {
    const found = bases.get(name) ?? inspectBase(maker, name)
    bases.set(name, found)
    found.catch(() => bases.delete(name))
    return found
  }

  return {
    async prepare(recipe, { custom: part, ...options }) {
      const [first, ...all] = recipe
      if (!first || !('base' in first)) throw new ProctorError('internal_error', 'The recipe of an image begins with its base.')
      const count = part?.layers ?? 0
      const begin = await findBase(first.base)
      // What stands on a custom image is named by that image's content: built anew, it makes the rest anew.
      const base = part && count > 0 ? await custom.ready(recipe.slice(0, count + 1), { ...options, ...part }) : begin
      const layers = all.slice(count)
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
  const lock = `proctor-build-${tagOf(full).slice(0, 32)}`
  for (;;) {
    signal.throwIfAborted()
    const ready = await findSnapshot(maker, full)
    if (ready) return ready
    const built = await build({ ...recipe, lock, find: (name) => findSnapshot(maker, name) })
    if (built) return built
    const holder = await holderOf(maker, lock, signal)
    if (holder?.life === 'dead') await removeHolder(maker, lock)
    else await sleep(neighbourMs, undefined, { signal })
  }
}
