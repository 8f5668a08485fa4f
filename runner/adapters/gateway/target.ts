import { type Provider, providerNames, providers } from '../../domain/provider.ts'

/** What a request line asks for. `path` is below the provider's own; `query` without its `?`, cleaned; `key` is what the query showed. */
export type Target =
  | { readonly is: 'provider'; readonly provider: Provider; readonly path: string; readonly query: string; readonly key?: string }
  | { readonly is: 'tool' | 'nothing' }
  /** Absolute-form: what a client sends to a proxy for plain http. */
  | { readonly is: 'elsewhere' }
  | { readonly is: 'malformed'; readonly why: string }

/**
 * Reads a request target. There is one way to write a path: what could be read in two ways (escapes, dots, empty parts, backslashes) is malformed, so that
 * the route that is checked is the route that a provider gets.
 */
export function readTarget(target: string, mostChars: number): Target {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target)) return { is: 'elsewhere' }
  if (target.length > mostChars) return malformed(`is longer than ${mostChars} characters`)
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  if (!path.startsWith('/')) return malformed('does not begin with a slash')
  if (!/^[\w/.~:@!$&'()*+,;=-]*$/.test(path)) return malformed('holds an escape or a character that no route has')
  if (/\/\/|\.\.|\/\.(\/|$)/.test(path)) return malformed('holds an empty part or dots')
  const provider = providerNames.find((name) => path === providers[name].path || path.startsWith(`${providers[name].path}/`))
  if (provider === undefined) return { is: path.startsWith('/tools/') ? 'tool' : 'nothing' }
  const query = readQuery(mark < 0 ? '' : target.slice(mark + 1))
  return query
    ? { is: 'provider', provider, path: path.slice(providers[provider].path.length), ...query }
    : malformed('has a query that cannot be read')
}

const malformed = (why: string): Target => ({ is: 'malformed', why: `The request's path ${why}.` })

/** Credentials, and what makes a request another one than its path says (`$httpMethod` and its like), go no further. Everything else is kept as it was written. */
function readQuery(text: string): { readonly query: string; readonly key?: string } | undefined {
  if (!/^[\x21-\x7e]*$/.test(text) || /[#\\]/.test(text)) return undefined
  const parts = text.split('&').map((raw) => ({ raw, ...pair(raw) }))
  if (parts.some(({ name }) => name === undefined)) return undefined
  const key = parts.find(({ name }) => name === 'key')?.value
  const query = parts.flatMap(({ raw, name = '' }) => (withheld.has(name) || name.startsWith('$') ? [] : [raw])).join('&')
  return { query, ...(key === undefined ? {} : { key }) }
}
const withheld = new Set(['key', 'api_key', 'access_token', 'oauth_token', 'upload_protocol'])

function pair(raw: string): { readonly name?: string; readonly value?: string } {
  const [name = '', value = ''] = raw.split(/=(.*)/s)
  try {
    return { name: decodeURIComponent(name.replaceAll('+', ' ')), value: decodeURIComponent(value) }
  } catch {
    return {}
  }
}
