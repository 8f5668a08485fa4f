import type { Layer } from '../../../domain/environment.ts'
import { ProctorError } from '../../../domain/error.ts'
import { digest } from '../../../lib/digest.ts'
import { duration } from '../../../report/wording.ts'
import type { CustomPart, Image } from '../../../seams/sandbox.ts'
import type { Maker } from '../container.ts'
import type { Watchdog } from '../watchdog.ts'
import { build } from './build.ts'
import { type BuildTurns, patiently } from './build-turns.ts'
import { type Holder, holderOf, removeHolder } from './holder.ts'
import type { ImageNotes, Note } from './image-notes.ts'
import { openFlights, type PrepareOptions } from './single-flight.ts'
import { findSnapshot, inspectBase, type SnapshotScope, snapshotName, tagOf } from './snapshots.ts'

/** A recipe that is its base and the layers of a Dockerfile body; `of` = the agent or scenario that has it. */
export type CustomRecipe = { readonly recipe: readonly Layer[]; readonly of: string }
export type CustomImages = {
  /** For a run: the image, built when nobody has built it. Throws `image_not_ready` and `image_build_failed`. */
  ready(recipe: readonly Layer[], options: PrepareOptions & Pick<CustomPart, 'of'>): Promise<Image>
  /** Builds it unless it is ready, or in any case when asked to do it `again`. Says whether it did. Throws `image_build_busy` and `image_build_failed`. */
  build(one: CustomRecipe, options: PrepareOptions & { readonly again: boolean }): Promise<boolean>
  identify(recipe: readonly Layer[]): Promise<Identity>
  /** The build under way in this organisation, whoever does it. */
  busy(): Promise<Holder | undefined>
}
/** `digest` = the 64 hex digits of the snapshot's name: of organisation, trust, base and layers. */
type Identity = { readonly digest: string; readonly name: string; readonly base: Image; readonly layers: readonly Layer[] }
type Parts = {
  readonly maker: Maker
  readonly watchdog: Watchdog
  readonly scope: SnapshotScope
  readonly notes: ImageNotes
  readonly turns: BuildTurns | undefined
}
type Making = {
  readonly signal: AbortSignal
  readonly onLog: (text: string) => void
  /** From the first step on, whatever is there. */
  readonly again: boolean
  /** What it is to the one who asks that another build is under way. */
  readonly code: 'image_not_ready' | 'image_build_busy'
}

/**
 * Custom images have a state that outlives every process. Building: somebody alive holds the organisation's one build container.
 * Failed: its note says so. Ready: the engine has the snapshot. Else it is not built. Whatever dies leaves one of these.
 */
export function openCustomImages({ maker, watchdog, scope, notes, turns }: Parts): CustomImages {
  const lock = `proctor-build-image-${digest({ organisation: scope.organisation }).slice('sha256:'.length, 'sha256:'.length + 16)}`
  const flights = openFlights<Image>({ keep: false })
  let queue: Promise<unknown> = Promise.resolve()

  return {
    identify,
    busy,

    async ready(recipe, { of, ...options }) {
      const known = await identify(recipe)
      return flights.join(known.digest, options, async (joined) => {
        const find = () => findReady(known, { recipe, of })
        const { signal } = joined
        const built = () => make(known, { recipe, of }, { ...joined, again: false, code: 'image_not_ready' })
        if (!turns) return (await find()) ?? inTurn(built, signal)
        const found = await patiently(find, signal)
        return (
          found ??
          inTurn(async () => {
            await using _turn = await turns.take(signal)
            // Whoever had the turn before may have built it.
            return await patiently(async () => (await find()) ?? built(), signal)
          }, signal)
        )
      })
    },

    async build({ recipe, of }, { again, ...options }) {
      const known = await identify(recipe)
      let built = false
      await flights.join(known.digest, options, async (joined) => {
        const [note, holder] = await Promise.all([notes.read(known.digest), busy()])
        const stale = again || note?.failed !== undefined || holder?.builds === known.digest
        const found = stale ? undefined : await findSnapshot(maker, known.name)
        built = found === undefined
        return found ?? inTurn(() => make(known, { recipe, of }, { ...joined, again, code: 'image_build_busy' }), joined.signal)
      })
      return built
    },
  }

  async function identify([first, ...layers]: readonly Layer[]): Promise<Identity> {
    if (!first || !('base' in first)) throw new ProctorError('internal_error', 'The recipe of an image begins with its base.')
    const base = await inspectBase(maker, first.base)
    const name = snapshotName(scope, base, layers)
    return { name, digest: tagOf(name), base, layers }
  }

  /** Throws `image_not_ready` while somebody builds it, and `image_build_failed` when that is how its last build ended. */
  async function findReady(known: Identity, { recipe, of }: CustomRecipe): Promise<Image | undefined> {
    const holder = await busy()
    if (holder?.builds === known.digest) throw new ProctorError('image_not_ready', underWay(holder, known, of))
    const note = await notes.read(known.digest)
    const isOld = note?.failed && turns && Date.parse(note.failed.at) < turns.since.getTime()
    if (note?.failed && !isOld) throw failedBefore(of, note, turns ? 'the next evaluation' : '`proctor images build`')
    const found = note?.failed ? undefined : await findSnapshot(maker, known.name)
    if (found && !note?.of.includes(of)) await notes.write(known.digest, { ...note, recipe: [...recipe], of: [...(note?.of ?? []), of] })
    return found
  }

  async function busy(): Promise<Holder | undefined> {
    const found = await holderOf(maker, lock)
    return found?.life === 'dead' ? undefined : found
  }

  /** One build at a time in this process, too; here the others wait. */
  function inTurn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const mine = queue.then(() => {
      signal.throwIfAborted()
      return work()
    })
    const settled = mine.catch(() => {})
    queue = settled
    maker.engine.background('finish a build', () => settled)
    return mine
  }

  async function make(known: Identity, { recipe, of }: CustomRecipe, { signal, onLog, again, code }: Making): Promise<Image> {
    const before = await notes.read(known.digest)
    const note: Note = { recipe: [...recipe], of: [...new Set([...(before?.of ?? []), of])] }
    await using log = notes.newLog(known.digest)
    const say = (text: string) => {
      log.push(text)
      onLog(text)
    }
    /** Only now is the lock ours: until here somebody else may have been writing. */
    const begin = async () => {
      await log.begin()
      await notes.write(known.digest, note)
    }
    const names = known.layers.map((_, at) => snapshotName(scope, known.base, known.layers.slice(0, at + 1)))
    const find = async (name: string) => (again || (before?.failed && name === known.name) ? undefined : findSnapshot(maker, name))
    const parts = { maker, watchdog, blobs: noBlobs, base: known.base, layers: known.layers, names, signal, onLog: say, lock, find }
    try {
      for (;;) {
        const image = await build({ ...parts, custom: { digest: known.digest, begin } })
        if (image) return image
        await stepAside(known, of, code)
      }
    } catch (thrown) {
      if (!(thrown instanceof ProctorError) || thrown.code !== 'image_build_failed') throw thrown
      const { message, command, log: tail = '' } = thrown
      say(`${message.split('\n')[0]}\n`)
      const failed = { at: new Date().toISOString(), message, log: tail, ...(command === undefined ? {} : { command }) }
      await notes.write(known.digest, { ...note, failed })
      throw thrown
    }
  }

  /** Somebody holds the lock: a dead one gives it up, a living one is told of. */
  async function stepAside(known: Identity, of: string, code: Making['code']): Promise<void> {
    const holder = await holderOf(maker, lock)
    if (holder?.life === 'dead') await removeHolder(maker, lock)
    else if (holder) throw new ProctorError(code, underWay(holder, known, of))
  }
}

function underWay({ builds, owner, since, life }: Holder, wanted: Identity, of: string): string {
  const what =
    builds === wanted.digest ? `The image of ${of} is being built` : `The image of ${of} is not built, and another one is being built`
  const who = life === 'live' ? `by process ${owner.split(':')[1]}` : 'from another machine'
  return `${what} ${who}, for ${duration(Math.max(0, Date.now() - since))} so far. One build runs at a time.`
}

function failedBefore(of: string, { failed }: Note, who: string): ProctorError {
  const { at, message, command, log } = failed ?? { at: '', message: '', log: '' }
  const ago = duration(Math.max(0, Date.now() - Date.parse(at)))
  const text = `The build of the image of ${of} failed ${ago} ago; ${who} tries again. ${message}`
  return new ProctorError('image_build_failed', text, { log, ...(command === undefined ? {} : { command }) })
}

/** A Dockerfile body has no build context. */
const noBlobs = { get: () => Promise.reject(new ProctorError('internal_error', 'A custom image holds no files.')) }
