import { toError } from '../../runner/domain/error.ts'
import { askAbout } from '../intents/membership.ts'
import { lookAtNew } from '../intents/tags.ts'
import { fullName, type WebWorld } from '../web/world.ts'

/** ms. GitHub keeps deliveries for three days, and shows one in its list a little after it was tried. */
const lookBack = { mostMs: 3 * 24 * 3_600_000, overlapMs: 15 * 60_000 }
/** Redeliveries of one look: GitHub limits how often it may be asked. The others are asked for the next time. */
const mostAtOnce = 100

/**
 * What GitHub does not tell: deliveries that are not here are asked for again, with the same id; where we are installed is compared with
 * what GitHub says; and tags are read, since the fourth of one push sends nothing at all.
 */
export async function poll(world: WebWorld, { now = Date.now() } = {}): Promise<void> {
  const { store, app, log } = world
  const trying = <T>(what: string, of: object, work: Promise<T>) =>
    work.catch((error: unknown) => void log.warn({ ...of, error: toError(error).message }, what))
  await trying('deliveries were not looked through', {}, missed(world, now))
  const there = (await trying('installations were not listed', {}, app.installations())) ?? []
  const known = await store.installations.active()
  for (const installation of new Set([...there, ...known].map(({ id }) => id)))
    await trying('an installation was not looked at', { installation }, askAbout(installation, world))
  for (const { id } of await store.installations.active())
    for (const repo of await store.installations.repos(id))
      if (repo.tagsReadAt) await trying('tags were not read', { repo: fullName(repo) }, lookAtNew(repo, world))
}

/** From where the last look ended, or as far back as GitHub goes: also those that we answered for before the database was lost or restored. */
async function missed({ app, store, log }: WebWorld, now: number): Promise<void> {
  const until = (await store.missed.scannedUntil())?.getTime() ?? 0
  await store.missed.found(await app.deliveries(new Date(Math.max(now - lookBack.mostMs, until - lookBack.overlapMs))))
  for (const { id, githubId } of await store.missed.due(mostAtOnce)) {
    const isComing = await app.redeliver(githubId)
    await store.missed.asked(id)
    log.info({ delivery: id, isComing }, 'asked for again')
  }
}
