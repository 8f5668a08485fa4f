import type { Intent } from '../events/intent.ts'
import type { WebWorld } from '../web/world.ts'

type Membership = Extract<Intent, { kind: 'installed' | 'uninstalled' | 'suspended' }>

/** An organisation lets us in, shuts us out, or changes what we see of it. Gives a note for the delivery. */
export async function membership(intent: Membership, { store }: Pick<WebWorld, 'store'>): Promise<string> {
  switch (intent.kind) {
    case 'installed': {
      const { installation, repos } = intent
      const { id, account, accountId, isOrganisation } = installation
      await store.installations.save({ id, account, accountId, accountType: isOrganisation ? 'Organization' : 'User' })
      await store.installations.saveRepos(repos.map((repo) => ({ ...repo, installationId: id })))
      return `installed at ${account}: ${repos.length} repositories`
    }
    case 'uninstalled':
      await store.installations.remove(intent.installation, intent.repos)
      await endAll(intent, { store })
      return `uninstalled: ${intent.repos === 'all' ? 'everything' : `${intent.repos.length} repositories`}`
    case 'suspended':
      await store.installations.suspend(intent.installation, intent.suspended)
      return intent.suspended ? 'suspended' : 'no longer suspended'
  }
}

/** Nobody may be told of it any more, so nobody works on it. */
async function endAll(
  { installation, repos }: Extract<Membership, { kind: 'uninstalled' }>,
  { store }: Pick<WebWorld, 'store'>,
): Promise<void> {
  const live = await store.evaluations.live()
  const lost = live.filter(({ installationId, repoId }) => installationId === installation && (repos === 'all' || repos.includes(repoId)))
  for (const { id } of lost) await store.evaluations.cancel(id, 'the App was uninstalled')
}
