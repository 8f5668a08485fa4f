import type { GitHubDoor, GitHubOf } from '../github-door.ts'
import type { GitHubApp, Permissions } from './github-app.ts'

/** A repository as its installation reaches it. */
type Reached = { readonly id: number; readonly installation: number }
export type Clients = {
  /** What publishing and reading of one repository needs, and nothing of any other; `more` when the installation may have given it. */
  of(repo: Reached, more?: Permissions): Promise<GitHubOf>
}
type Options = {
  readonly app: Pick<GitHubApp, 'installationToken'>
  readonly door: Pick<GitHubDoor, 'openGitHub'>
  readonly apiUrl: string
  readonly version: string
  readonly log: (line: string) => void
  readonly now?: () => number
}
const needed: Permissions = { checks: 'write', contents: 'read', issues: 'write', metadata: 'read', pull_requests: 'write' }
/** ms before GitHub's hour is over. */
const margin = 10 * 60_000

/** One client a repository, for as long as its token holds: limits are counted per installation, and each repository's token opens only that. */
export function openClients({ app, door, apiUrl, version, log, now = Date.now }: Options): Clients {
  const known = new Map<string, { readonly client: Promise<GitHubOf>; until: number }>()

  async function open({ id, installation }: Reached, permissions: Permissions, entry: { until: number }): Promise<GitHubOf> {
    const { token, expiresAt } = await app.installationToken(installation, { repositories: [id], permissions })
    entry.until = expiresAt.getTime() - margin
    return door.openGitHub({ token, apiUrl, version, log, account: String(installation) })
  }
  return {
    of(repo, more = {}) {
      const permissions = { ...needed, ...more }
      const name = `${repo.id} ${JSON.stringify(more)}`
      const found = known.get(name)
      if (found && found.until > now()) return found.client
      const entry = { until: now() + margin }
      const client = open(repo, permissions, entry)
      const fresh = Object.assign(entry, { client })
      known.set(name, fresh)
      client.catch(() => known.get(name) === fresh && known.delete(name))
      return client
    },
  }
}
