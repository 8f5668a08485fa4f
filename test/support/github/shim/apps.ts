import type { Answer } from '../artifacts.ts'
import { idOf } from '../events.ts'
import { accountOf } from '../identity.ts'
import { installed } from '../tokens.ts'
import type { App, Permissions } from '../who.ts'
import { invalid, type Json, notFound, paged, type Shim, type Shims, type World } from '../world.ts'
import { appOf, repositoryOf } from './embedded.ts'

const byIntegration: Answer = { status: 403, body: { message: 'Resource not accessible by integration', status: '403' } }
const noJwt: Answer = { status: 401, body: { message: 'A JSON web token could not be decoded', status: '401' } }

/** The emulator makes tokens; the hub has to know what each may do. It names repositories by numbers of its own. */
const token: Shim = async (ask, world) => {
  if (ask.who.kind !== 'app') return noJwt
  const { app } = ask.who
  const id = Number(ask.parameters.installation_id)
  const at = installationOf(app, id, world)
  if (!at) return notFound()
  const { repositories, repository_ids: ids, permissions } = ask.json as TokenRequest // the guard has looked at it
  const names = ids?.map((wanted) => [...world.known.values()].find(({ name }) => idOf(name) === wanted)?.name.split('/')[1] ?? '')
  const wanted = repositories ?? names
  if (wanted?.some((name) => !world.known.has(`${at.owner}/${name}`.toLowerCase())))
    return invalid('There is at least one repository that does not exist or is not accessible to the parent installation.')
  const answer = await world.forward(ask, { json: { ...(wanted && { repositories: wanted }), ...(permissions && { permissions }) } })
  if (answer.status !== 201) return answer
  const { token: made, expires_at: until } = answer.body as { token: string; expires_at: string } // as the description has it
  const repos = wanted?.map((name) => `${at.owner}/${name}`)
  world.directory.add(made, installed({ app, owner: at.owner, installation: id, permissions, repos }), Date.parse(until))
  const shown = repos && (await Promise.all(repos.map((repo) => repositoryOf(repo, world))))
  return { ...answer, body: { ...(answer.body as Json), ...(shown && { repositories: shown }) } }
}

const self: Shim = ({ who }, world) =>
  who.kind === 'app' ? { status: 200, body: { ...appOf(who.app, world), installations_count: 1 } } : noJwt

const all: Shim = (ask, world) => {
  if (ask.who.kind !== 'app') return noJwt
  const { app } = ask.who
  const found = (world.apps.find((one) => one.app.id === app.id)?.installations ?? []).filter(({ id }) => !world.absent.has(id))
  const { items, headers } = paged(found, ask, world.apiUrl)
  return { status: 200, headers, body: items.map((one) => installationBody(app, one, world)) }
}

const one: Shim = ({ who, parameters }, world) => {
  if (who.kind !== 'app') return noJwt
  const at = installationOf(who.app, Number(parameters.installation_id), world)
  return at ? { status: 200, body: installationBody(who.app, at, world) } : notFound()
}

const ofPlace: Shim = ({ who, parameters, known }, world) => {
  if (who.kind !== 'app') return noJwt
  const owner = known?.name.split('/')[0] ?? parameters.org ?? parameters.username
  const at = world.apps
    .find(({ app }) => app.id === who.app.id)
    ?.installations.find((place) => place.owner === owner && !world.absent.has(place.id))
  return at ? { status: 200, body: installationBody(who.app, at, world) } : notFound()
}

const repositories: Shim = async (ask, world) => {
  const { who } = ask
  if (who.kind !== 'installation')
    return { status: 403, body: { message: 'You must authenticate with an installation access token', status: '403' } }
  const ours = [...world.known.values()].filter(
    ({ name }) => name.startsWith(`${who.owner}/`) && (who.repos?.has(name.toLowerCase()) ?? true),
  )
  const { items, headers } = paged(ours, ask, world.apiUrl)
  const found = await Promise.all(items.map(({ name }) => repositoryOf(name, world)))
  return {
    status: 200,
    headers,
    body: { total_count: ours.length, repository_selection: who.repos ? 'selected' : 'all', repositories: found },
  }
}

const revoke: Shim = ({ who, token }, world) => {
  if (who.kind !== 'installation' || token === undefined) return byIntegration
  world.directory.revoke(token)
  return { status: 204 }
}

/** The emulator takes an installation for the account it is installed at. */
const user: Shim = async (ask, world) => {
  if (ask.who.kind !== 'user')
    return ask.who.kind === 'nobody' ? { status: 401, body: { message: 'Requires authentication', status: '401' } } : byIntegration
  const { status, body } = await world.forward(ask)
  const own = {
    private_gists: 0,
    total_private_repos: 0,
    owned_private_repos: 0,
    disk_usage: 0,
    collaborators: 0,
    two_factor_authentication: true,
  }
  return { status, body: { ...(body as Json), ...own } }
}

export const apps: Shims = {
  'GET /app': self,
  'GET /app/installations': all,
  'GET /app/installations/{installation_id}': one,
  'POST /app/installations/{installation_id}/access_tokens': token,
  'GET /repos/{owner}/{repo}/installation': ofPlace,
  'GET /orgs/{org}/installation': ofPlace,
  'GET /users/{username}/installation': ofPlace,
  'GET /installation/repositories': repositories,
  'DELETE /installation/token': revoke,
  'GET /user': user,
}

type TokenRequest = {
  readonly repositories?: readonly string[]
  readonly repository_ids?: readonly number[]
  readonly permissions?: Permissions
}
type Place = { readonly id: number; readonly owner: string }

const installationOf = (app: App, id: number, { apps, absent }: World): Place | undefined =>
  absent.has(id) ? undefined : apps.find((one) => one.app.id === app.id)?.installations.find((place) => place.id === id)

export function installationBody(app: App, { id, owner }: Place, world: World): Json {
  const type = world.orgs.has(owner) ? 'Organization' : 'User'
  return {
    id,
    account: accountOf(owner, type, world),
    repository_selection: 'all',
    access_tokens_url: `${world.apiUrl}/app/installations/${id}/access_tokens`,
    repositories_url: `${world.apiUrl}/installation/repositories`,
    html_url: `${world.serverUrl}/organizations/${owner}/settings/installations/${id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: idOf(owner),
    target_type: type,
    permissions: app.permissions,
    events: [],
    created_at: '2026-11-24T12:00:00Z',
    updated_at: '2026-11-24T12:00:00Z',
    single_file_name: null,
    suspended_by: null,
    suspended_at: null,
  }
}
