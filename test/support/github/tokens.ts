import { tokenOf } from './emulator.ts'
import { type App, type Installed, jwtOf, type Permissions } from './who.ts'
import type { World } from './world.ts'

type Scope = { readonly repos?: readonly string[]; readonly permissions?: Permissions }

/** Tokens as GitHub hands them out. */
export function openTokens({ world, actions, app }: { readonly world: World; readonly actions: App; readonly app: App }) {
  const mint = (of: App, owner: string, scope: Scope) => installationToken({ world, app: of, owner, scope })
  return {
    /** Of a person: a personal access token. */
    userToken: (login: string): string => tokenOf(login),
    /** Of the app itself. */
    appToken: (): string => jwtOf(app),
    /** Of the app's installation at an owner, for all of its repositories unless said otherwise. */
    installationToken: (owner: string, scope: Scope = {}): Promise<string> => mint(app, owner, scope),
    /** Of a workflow's job, github.token. Of a fork's pull request, or Dependabot's: it only reads. */
    jobToken(repo: string, { permissions, isFork = false }: { readonly permissions?: Permissions; readonly isFork?: boolean } = {}) {
      const reading = Object.fromEntries(Object.keys(actions.permissions).map((name) => [name, 'read']))
      return mint(actions, repo.split('/')[0] ?? '', {
        repos: [repo],
        permissions: isFork ? reading : { metadata: 'read', ...(permissions ?? actions.permissions) },
      })
    },
    /** No token of an installation is good any more. */
    expireTokens: world.directory.expire,
  }
}

type Asked = { readonly world: World; readonly app: App; readonly owner: string; readonly scope: Scope }
async function installationToken({ world, app, owner, scope: { repos, permissions } }: Asked): Promise<string> {
  const installation = world.apps.find((one) => one.app.id === app.id)?.installations.find((one) => one.owner === owner)
  if (!installation) throw new Error(`${app.slug} is not installed at ${owner}`)
  const answer = await world.emulator.call({
    method: 'POST',
    path: `/app/installations/${installation.id}/access_tokens`,
    token: jwtOf(app),
    json: { ...(repos && { repositories: repos.map((repo) => repo.split('/')[1]) }), ...(permissions && { permissions }) },
  })
  const { token } = answer.body as { token?: string } // the emulator's answer
  if (answer.status !== 201 || token === undefined) throw new Error(`no token: ${JSON.stringify(answer.body)}`)
  world.directory.add(token, installed({ app, owner, installation: installation.id, permissions, repos }))
  return token
}

/** The identity behind a token of an installation. */
export const installed = ({
  app,
  owner,
  installation,
  permissions = app.permissions,
  repos,
}: {
  readonly app: App
  readonly owner: string
  readonly installation: number
  readonly permissions: Permissions | undefined
  readonly repos: readonly string[] | undefined
}): Installed => ({
  kind: 'installation',
  app,
  login: `${app.slug}[bot]`,
  owner,
  installation,
  permissions,
  repos: repos && new Set(repos.map((repo) => repo.toLowerCase())),
})
