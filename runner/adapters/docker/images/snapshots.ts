import type { Layer } from '../../../domain/environment.ts'
import { digest } from '../../../lib/digest.ts'
import type { Image } from '../../../seams/sandbox.ts'
import type { Maker } from '../container.ts'
import { statusOf } from '../engine.ts'

/** Whose images these are: nobody outside of organisation and trust gets them. */
export type SnapshotScope = { readonly organisation: string; readonly trust: string }

export const snapshotRepository = 'proctor-snapshot'
const dayMs = 86_400_000

/** What layers on an image are known by. What a step is called does not count, only what it does. */
export function snapshotName({ organisation, trust }: SnapshotScope, base: Image, layers: readonly Layer[]): string {
  const done = layers.map((layer) => ('run' in layer ? { ...layer, title: undefined } : layer))
  return `${snapshotRepository}:${digest({ organisation, trust, base: base.id, layers: done }).slice('sha256:'.length)}`
}

/** The 64 hex digits of a snapshot's name. */
export const tagOf = (name: string): string => name.slice(name.indexOf(':') + 1)

export async function inspectBase({ engine }: Maker, name: string): Promise<Image> {
  const inspect = () => engine.docker.getImage(name).inspect()
  const image = await engine.call(`find the base image ${name}`, inspect, { missing: 'base_image_missing' })
  return { id: image.Id }
}

/** A snapshot that is used is tagged anew once a day: the engine keeps that date, and pruning goes by it. */
export async function findSnapshot({ engine }: Maker, name: string): Promise<Image | undefined> {
  const image = engine.docker.getImage(name)
  const found = await engine
    .call('find a snapshot', () => image.inspect())
    .catch((thrown) => {
      if (statusOf(thrown) === 404) return undefined
      throw thrown
    })
  if (!found) return undefined
  if (Date.now() - lastUse(found) > dayMs) {
    const [repo, tag] = [snapshotRepository, tagOf(name)]
    engine.background('date a snapshot', () => engine.call('date a snapshot', () => image.tag({ repo, tag })))
  }
  return { id: found.Id }
}

/** Milliseconds since 1970 of the last tagging, else of the making. */
export function lastUse(image: { readonly Created: string; readonly Metadata?: { readonly LastTagTime?: string } }): number {
  const tagged = Date.parse(image.Metadata?.LastTagTime ?? '')
  return tagged > 0 ? tagged : Date.parse(image.Created)
}
