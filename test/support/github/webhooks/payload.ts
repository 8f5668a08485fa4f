import { idOf } from '../events.ts'
import { accountOf } from '../identity.ts'
import type { App } from '../who.ts'
import type { Json, World } from '../world.ts'
import type { Told } from './hooks.ts'

/** Something that happened, without what all events say: where, by whom, and through which installation. */
export type Happening = {
  readonly event: string
  readonly action?: string
  /** owner/name; of the whole account without. */
  readonly repo?: string
  readonly owner?: string
  readonly sender: string
  readonly body: Json
}

/** The delivery of it to one app, or undefined when that is not installed there. */
export async function toldTo(app: App, happening: Happening, world: World): Promise<Told | undefined> {
  const { event, action, repo, sender, body } = happening
  const owner = repo?.split('/')[0] ?? happening.owner ?? ''
  const installation = world.apps.find((one) => one.app.id === app.id)?.installations.find((place) => place.owner === owner)
  if (!installation || (world.absent.has(installation.id) && event !== 'installation')) return undefined
  const isOrg = world.orgs.has(owner)
  const repository = repo && (await repositoryBody(repo, world))
  return {
    event,
    action: action ?? null,
    installation: installation.id,
    repository: repo === undefined ? null : idOf(repo),
    payload: {
      ...(action !== undefined && { action }),
      ...body,
      ...(repository && { repository: event === 'push' ? asPushed(repository) : repository }),
      ...(isOrg && { organization: organizationOf(owner, world) }),
      ...(body.installation === undefined && { installation: { id: installation.id, node_id: `INST_${installation.id}` } }),
      sender: accountOf(sender, 'User', world),
    },
  }
}

const repositoryBody = async (repo: string, world: World): Promise<Json> => {
  const { permissions, network_count, subscribers_count, parent, source, ...rest } = await world.look(`/repos/${repo}`)
  return rest
}

/** Pushes have a form of their own, from long ago. */
function asPushed(repository: Json): Json {
  const seconds = (value: unknown) => Math.floor(Date.parse(String(value)) / 1000)
  const { owner } = repository as { owner: Json } // as the description has it
  return {
    ...repository,
    url: repository.html_url,
    owner: { ...owner, name: owner.login, email: null },
    created_at: seconds(repository.created_at),
    pushed_at: seconds(repository.pushed_at),
    stargazers: 0,
    master_branch: repository.default_branch,
  }
}

function organizationOf(login: string, { apiUrl }: World): Json {
  const url = `${apiUrl}/orgs/${login}`
  return {
    login,
    id: idOf(login),
    node_id: `O_${idOf(login)}`,
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `https://avatars.githubusercontent.com/u/${idOf(login)}?v=4`,
    description: null,
  }
}
