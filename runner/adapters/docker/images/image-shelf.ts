import type { Layer } from '../../../domain/environment.ts'
import { ProctorError } from '../../../domain/error.ts'
import { type Engine, statusOf } from '../engine.ts'
import { imageLabel } from './build.ts'
import type { CustomImages, CustomRecipe } from './custom-images.ts'
import type { Holder } from './holder.ts'
import type { ImageNotes } from './image-notes.ts'
import { snapshotRepository } from './snapshots.ts'

/** An image that a Dockerfile body makes. `since` in ms since 1970: when its state began, as far as that is known. `bytes` beyond the base. */
export type CustomImage = {
  readonly digest: string
  readonly state: 'not built' | 'building' | 'ready' | 'failed'
  /** Agents and scenarios that asked for it. */
  readonly of: readonly string[]
  readonly recipe: readonly Layer[]
  readonly since?: number
  readonly bytes?: number
}
/** What `proctor images` does. */
export type ImageShelf = Pick<CustomImages, 'build'> & {
  /** Everything that is known here, and those that are given; the latest first. */
  list(given: readonly CustomRecipe[]): Promise<readonly CustomImage[]>
  /** The log of its last build, or of the one under way. */
  log(digest: string): Promise<string | undefined>
  /** The image, all that was made of it, and its state. Throws `image_build_busy`, and `usage_invalid` when a container runs on it and nobody forces. */
  remove(digest: string, options: { readonly force: boolean }): Promise<void>
}

export function openShelf(engine: Engine, images: CustomImages, notes: ImageNotes): ImageShelf {
  return {
    build: images.build,
    log: notes.log,

    async list(given) {
      const known = new Map<string, Pick<CustomImage, 'recipe' | 'of'>>()
      for (const digest of await notes.all()) {
        const note = await notes.read(digest)
        if (note) known.set(digest, note)
      }
      for (const { recipe, of } of given) {
        const { digest } = await images.identify(recipe)
        known.set(digest, { recipe, of: [...new Set([...(known.get(digest)?.of ?? []), of])] })
      }
      const busy = await images.busy()
      const all = await Promise.all([...known].map(([digest, one]) => describe(digest, one, busy)))
      return all.sort((a, b) => (b.since ?? Number.POSITIVE_INFINITY) - (a.since ?? Number.POSITIVE_INFINITY) || 0)
    },

    async remove(digest, { force }) {
      const busy = await images.busy()
      if (busy?.builds === digest) throw new ProctorError('image_build_busy', 'The image is being built.')
      const filters = { label: [`${imageLabel}=${digest}`] }
      const users = await engine.call('list containers of an image', () => engine.docker.listContainers({ filters }))
      if (users.length > 0 && !force) {
        const names = users.slice(0, 5).map(({ Names: [name = ''] }) => name.replace(/^\//, ''))
        const text = `the image is in use by ${names.join(', ')}${users.length > 5 ? ` and ${users.length - 5} more` : ''}; --force removes it all the same`
        throw new ProctorError('usage_invalid', text)
      }
      const made = await engine.call('list what was made of an image', () => engine.docker.listImages({ filters }))
      // One that was built again stays without a name, as long as something stands on it.
      const names = made.flatMap(({ Id, RepoTags }) => {
        const tags = RepoTags?.filter((tag) => tag.startsWith(`${snapshotRepository}:`)) ?? []
        return tags.length > 0 ? tags : [Id]
      })
      // By force, because a build container that is on its way out may stand on it. 409: something runs on it, or is made of it.
      for (const name of names)
        await engine.call('remove an image', () => engine.docker.getImage(name).remove({ force: true })).catch(unless(404, 409))
      await notes.remove(digest)
    },
  }

  async function describe(digest: string, one: Pick<CustomImage, 'recipe' | 'of'>, busy: Holder | undefined): Promise<CustomImage> {
    const { recipe, of } = one
    if (busy?.builds === digest) return { digest, recipe, of, state: 'building', since: busy.since }
    const note = await notes.read(digest)
    if (note?.failed) return { digest, recipe, of, state: 'failed', since: Date.parse(note.failed.at) }
    const image = await inspect(`${snapshotRepository}:${digest}`)
    if (!image) return { digest, recipe, of, state: 'not built' }
    const [first] = recipe
    const base = first && 'base' in first ? await inspect(first.base) : undefined
    return { digest, recipe, of, state: 'ready', since: Date.parse(image.Created), bytes: Math.max(0, image.Size - (base?.Size ?? 0)) }
  }

  function inspect(name: string) {
    return engine.call('look at an image', () => engine.docker.getImage(name).inspect()).catch(unless(404))
  }
}

const unless =
  (...expected: readonly number[]) =>
  (thrown: unknown): undefined => {
    if (!expected.includes(statusOf(thrown) ?? 0)) throw thrown
  }
