import { isDeepStrictEqual } from 'node:util'
import type { Intent } from '../events/intent.ts'
import type { WebWorld } from '../web/world.ts'
import { lookAtPast } from './tags.ts'

type Membership = Extract<Intent, { kind: 'membership' }>
export type Standing = 'here' | 'suspended' | 'gone'

/**
 * An organisation lets us in, shuts us out, or changes what we see of it. Such deliveries come late and in any order, and none says when it
 * happened: so each is only a reason to ask GitHub how it is now. Gives a note for the delivery.
 */
export async function membership({ installation }: Membership, world: WebWorld): Promise<string> {
  const standing = await askAbout(installation, world)
  if (standing !== 'here') return { suspended: 'suspended', gone: 'uninstalled' }[standing]
  const { installations } = world.store
  const [place, repos] = await Promise.all([installations.find(installation), installations.repos(installation)])
  return `installed at ${place?.account}: ${repos.length} repositories`
}

/**
 * Brings what we know of an installation to what GitHub says of it at this moment: whether it is there, what it gives, its repositories.
 * What we reach no longer is not worked on any more, and the tags of what is new to us are its past.
 */
export async function askAbout(id: number, world: WebWorld): Promise<Standing> {
  const { store, app, log } = world
  const found = await app.installation(id)
  if (!found) {
    await store.installations.remove(id)
    await endAll(({ installationId }) => installationId === id, world)
    return 'gone'
  }
  for (const moved of await store.accounts.seen({ id: found.accountId, login: found.account }))
    log.warn(moved, moved.parked ? 'a login has another owner: what its former owner kept is kept for them' : 'an account was renamed')
  const before = await store.installations.find(id)
  await store.installations.save(found)
  if (!isDeepStrictEqual(before?.permissions, found.permissions)) world.clients.forget(id)
  if (found.isSuspended) return 'suspended'
  const github = await world.clients.ofInstallation(id)
  const repos = await world.door.repositoriesOf(github)
  await store.installations.saveRepos(repos.map((repo) => ({ ...repo, installationId: id })))
  const gone = new Set(
    await store.installations.keepOnly(
      id,
      repos.map((repo) => repo.id),
    ),
  )
  if (gone.size > 0) await endAll(({ repoId }) => gone.has(repoId), world)
  await lookAtPast(id, github, world)
  return 'here'
}

type Live = { readonly installationId: number; readonly repoId: number }

/** Nobody may be told of it any more, so nobody works on it. */
async function endAll(isLost: (evaluation: Live) => boolean, { store }: Pick<WebWorld, 'store'>): Promise<void> {
  for (const evaluation of await store.evaluations.live())
    if (isLost(evaluation)) await store.evaluations.cancel(evaluation.id, 'the App was uninstalled')
}
