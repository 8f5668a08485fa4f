import { ProctorError } from '../../runner/domain/error.ts'
import type { GitHubDoor, GitHubOf } from '../github-door.ts'
import { isSpent, missing, narrowed } from './asked-for.ts'
import type { GitHubApp, Permissions } from './github-app.ts'

/** A repository as its installation reaches it. */
type Reached = { readonly id: number; readonly installation: number }
export type Clients = {
  /**
   * What publishing and reading of one repository needs, as far as the installation gives it, and nothing of any other. With `more` also that,
   * or `github_refused` when it is not given.
   */
  of(repo: Reached, more?: Permissions): Promise<GitHubOf>
  /** To look at all repositories of an installation, and to change none. */
  ofInstallation(installation: number): Promise<GitHubOf>
  /** It gives something else now: whoever asks next gets a token of that. */
  forget(installation: number): void
}
type Options = {
  readonly app: Pick<GitHubApp, 'installationToken' | 'installation'>
  readonly door: Pick<GitHubDoor, 'openGitHub'>
  readonly apiUrl: string
  readonly version: string
  /** What an installation is known to give. */
  readonly given: (installation: number) => Promise<Given | undefined>
  readonly log: (line: string) => void
  readonly now?: () => number
}
type Given = Readonly<Record<string, string>>
type Wanted = {
  readonly installation: number
  readonly repositories?: readonly number[]
  readonly permissions: Permissions
  readonly more: Permissions
}
type Known = { readonly of: number; client?: Promise<GitHubOf>; github?: GitHubOf; until: number }

const needed: Permissions = { checks: 'write', contents: 'read', issues: 'write', metadata: 'read', pull_requests: 'write' }
/** ms before GitHub's hour is over. */
const margin = 10 * 60_000
/** ms in which a token is made. */
const making = 60_000

/**
 * One client a repository, for as long as its token holds: limits are counted per installation, and each repository's token opens only that.
 * One that GitHub does not take any more, since the App was uninstalled or suspended meanwhile, is replaced by a new one, once.
 */
export function openClients({ app, door, apiUrl, version, given, log, now = Date.now }: Options): Clients {
  const known = new Map<string, Known>()
  const told = new Set<string>()

  async function token({ installation, repositories, permissions, more }: Wanted) {
    const ask = async (gives: Given | undefined) => {
      const asked = gives ? { ...narrowed(permissions, gives), ...more } : { ...permissions, ...more }
      if (gives) tell(installation, missing({ ...permissions, ...more }, gives))
      return app.installationToken(installation, { ...(repositories && { repositories }), permissions: asked })
    }
    try {
      return await ask(await given(installation))
    } catch (error) {
      if (!(error instanceof ProctorError && error.code === 'github_refused')) throw error
      // It may give less by now than it did.
      const present = await app.installation(installation)
      if (!present || present.isSuspended) throw error
      return ask(present.permissions)
    }
  }

  function tell(installation: number, names: readonly string[]): void {
    const line = `installation ${installation} does not give ${names.join(', ')}: what needs that is left out (docs/deploy.md)`
    if (names.length > 0 && !told.has(line)) log(line)
    told.add(line)
  }

  async function open(wanted: Wanted, entry: Known): Promise<GitHubOf> {
    const made = await token(wanted)
    entry.until = made.expiresAt.getTime() - margin
    const github = door.openGitHub({ token: made.token, apiUrl, version, log, account: String(wanted.installation) })
    github.api.hook.wrap('request', async (request, options) => {
      try {
        return await request(options)
      } catch (error) {
        if (!isSpent(error) || options.request?.again === true) throw error
        // The hook is this client's, with its token.
        const { hook: _, ...rest } = options.request ?? {}
        const next = await client(wanted, github)
        return next.api.request({ ...options, request: { ...rest, again: true } })
      }
    })
    entry.github = github
    return github
  }

  /** `spent`: not that one. */
  function client(wanted: Wanted, spent?: GitHubOf): Promise<GitHubOf> {
    const name = JSON.stringify(wanted)
    const found = known.get(name)
    if (found?.client && found.until > now() && (spent === undefined || found.github !== spent)) return found.client
    for (const [other, { until }] of known) if (until <= now()) known.delete(other)
    const fresh: Known = { of: wanted.installation, until: now() + making }
    known.set(name, fresh)
    fresh.client = open(wanted, fresh)
    fresh.client.catch(() => known.get(name) === fresh && known.delete(name))
    return fresh.client
  }

  return {
    of: ({ id, installation }, more = {}) => client({ installation, repositories: [id], permissions: needed, more }),
    ofInstallation: (installation) => client({ installation, permissions: { contents: 'read', metadata: 'read' }, more: {} }),
    forget(installation) {
      for (const [name, { of }] of known) if (of === installation) known.delete(name)
    },
  }
}
