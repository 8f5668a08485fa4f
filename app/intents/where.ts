import type { Repo } from '../events/intent.ts'
import type { WebWorld } from '../web/world.ts'
import { askAbout } from './membership.ts'

/**
 * The repository of a delivery as we know it. When we do not, or know it otherwise, GitHub is asked how it is: a delivery that comes late
 * brings nothing back that is gone. Or why it is out of our reach.
 */
export async function whereIs(told: Repo, world: WebWorld): Promise<Repo | { readonly lost: string }> {
  const known = await reachable(told, world)
  if (known && isAlike(known, told)) return known
  const standing = await askAbout(told.installation, world)
  if (standing === 'suspended') return { lost: 'the installation is suspended' }
  if (standing === 'gone') return { lost: 'the App is not installed there any more' }
  return (await reachable(told, world)) ?? { lost: 'the App may not see the repository any more' }
}

async function reachable({ id, installation }: Repo, { store }: WebWorld): Promise<Repo | undefined> {
  const [place, repo] = await Promise.all([store.installations.find(installation), store.installations.repo(id)])
  if (!place || place.removedAt || place.suspendedAt || !repo || repo.removedAt || repo.installationId !== installation) return undefined
  const { owner, name, private: isPrivate, defaultBranch } = repo
  return { id, owner, name, private: isPrivate, installation, ...(defaultBranch !== null && { defaultBranch }) }
}

const isAlike = (known: Repo, told: Repo): boolean =>
  known.owner === told.owner &&
  known.name === told.name &&
  known.private === told.private &&
  known.defaultBranch !== undefined &&
  (told.defaultBranch === undefined || told.defaultBranch === known.defaultBranch)
