import { z } from 'zod'
import { id } from './fields.ts'
import type { Intent } from './intent.ts'

const payload = z.object({ action: z.string(), installation: z.object({ id }) })
const told = ['created', 'deleted', 'suspend', 'unsuspend', 'new_permissions_accepted', 'added', 'removed', 'renamed']

/**
 * `installation`: an organisation lets us in, or shuts us out; `installation_repositories`: what of it we may see; `installation_target`: it
 * has another name. What they say besides is not used: they come late, and none says when it happened.
 */
export function membership(body: unknown): Intent {
  const { action, installation } = payload.parse(body)
  if (!told.includes(action)) return { kind: 'ignore', why: `installation ${action.slice(0, 40)}` }
  return { kind: 'membership', installation: installation.id }
}
