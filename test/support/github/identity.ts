import { idOf } from './events.ts'

type Json = Readonly<Record<string, unknown>>
type Places = { readonly apiUrl: string; readonly serverUrl: string }
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * An answer of the emulator in which every person, organisation and repository has the number that events give it too, and all that
 * GitHub says of it.
 */
export function identified(value: unknown, places: Places): unknown {
  if (Array.isArray(value)) return value.map((inner) => identified(inner, places))
  if (!isObject(value)) return value
  const inner = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, identified(part, places)]))
  if (typeof value.login === 'string' && typeof value.type === 'string') return { ...inner, ...accountOf(value.login, value.type, places) }
  if (typeof value.full_name === 'string') return { ...inner, ...repositoryParts(value.full_name, places) }
  return inner
}

/** A user, bot or organisation as it stands in other answers. */
export function accountOf(login: string, type: string, { apiUrl, serverUrl }: Places) {
  const url = `${apiUrl}/users/${encodeURIComponent(login)}`
  const isOrg = type === 'Organization'
  return {
    login,
    id: idOf(login),
    node_id: `U_${idOf(login)}`,
    avatar_url: `https://avatars.githubusercontent.com/u/${idOf(login)}?v=4`,
    gravatar_id: '',
    url,
    html_url: `${serverUrl}/${login.endsWith('[bot]') ? `apps/${login.slice(0, -5)}` : login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: isOrg ? 'Organization' : login.endsWith('[bot]') ? 'Bot' : 'User',
    site_admin: false,
  }
}

function repositoryParts(fullName: string, { serverUrl }: Places) {
  return {
    id: idOf(fullName),
    node_id: `R_${idOf(fullName)}`,
    html_url: `${serverUrl}/${fullName}`,
    clone_url: `${serverUrl}/${fullName}.git`,
    web_commit_signoff_required: false,
    custom_properties: {},
  }
}
