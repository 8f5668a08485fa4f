import type { Account } from './accounts.ts'

type Headers = Readonly<Record<string, string>>

/** Of one connection only. */
const ofConnection = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'content-length']
const notForProviders = new Set([
  ...ofConnection,
  'host',
  'expect',
  'cookie',
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'x-goog-api-key',
  // Who pays is the host's to say.
  'openai-organization',
  'openai-project',
  // What is compressed cannot be metered.
  'accept-encoding',
])
const notForCallers = new Set([...ofConnection, 'location', 'alt-svc', 'www-authenticate', 'proxy-authenticate', 'clear-site-data'])
const ofAccount = /cookie|organi[sz]ation|(^|-)(org|project|workspace)(-|$)/

/** What a provider gets: the account's key, and everything but credentials and what belongs to one connection. */
export function toProvider(headers: Headers, { key, auth }: Account): Record<string, string> {
  const kept = without(headers, (name) => notForProviders.has(name))
  if (key !== '') kept[auth === 'bearer' ? 'authorization' : auth] = auth === 'bearer' ? `Bearer ${key}` : key
  return kept
}

/** What comes back: nothing that says whose account it is, and no part of its key. Of a header that is there twice, both. */
export function fromProvider(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  mayShow: (value: string) => boolean,
): Record<string, string> {
  const joined = Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [name, typeof value === 'string' ? value : value.join(', ')]),
  )
  return without(joined, (name, value) => notForCallers.has(name) || ofAccount.test(name) || !mayShow(value))
}

function without(headers: Headers, isLeftOut: (name: string, value: string) => boolean): Record<string, string> {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name, value]) => !named.has(name) && !isLeftOut(name, value)),
  )
}
