import { z } from 'zod'
import { id, user } from './fields.ts'
import type { Intent } from './intent.ts'

const listed = z.array(z.object({ id, full_name: z.string().regex(/^[^/]+\/[^/]+$/), private: z.boolean() })).default([])
const installation = z.object({ id, account: user })
const changed = z.object({ action: z.string(), installation, repositories: listed })
const reposChanged = z.object({ action: z.string(), installation, repositories_added: listed, repositories_removed: listed })

/** `installation`: an organisation lets us in, or shuts us out. */
export function installed(body: unknown): Intent {
  const { action, installation: about, repositories } = changed.parse(body)
  switch (action) {
    case 'created':
    case 'new_permissions_accepted':
      return { kind: 'installed', installation: installationOf(about), repos: repositories.map(repoOf) }
    case 'deleted':
      return { kind: 'uninstalled', installation: about.id, repos: 'all' }
    case 'suspend':
    case 'unsuspend':
      return { kind: 'suspended', installation: about.id, suspended: action === 'suspend' }
    default:
      return { kind: 'ignore', why: `installation ${action.slice(0, 40)}` }
  }
}

/** `installation_repositories`: what of it we may see. */
export function reposInstalled(body: unknown): Intent {
  const { action, installation: about, repositories_added, repositories_removed } = reposChanged.parse(body)
  if (action === 'removed') return { kind: 'uninstalled', installation: about.id, repos: repositories_removed.map((repo) => repo.id) }
  return { kind: 'installed', installation: installationOf(about), repos: repositories_added.map(repoOf) }
}

const installationOf = ({ id, account }: z.infer<typeof installation>) => ({
  id,
  account: account.login,
  accountId: account.id,
  isOrganisation: account.type === 'Organization',
})

function repoOf({ id, full_name, private: isPrivate }: z.infer<typeof listed>[number]) {
  const [owner = '', name = ''] = full_name.split('/')
  return { id, owner, name, private: isPrivate }
}
