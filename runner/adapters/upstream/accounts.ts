import { ProctorError } from '../../domain/error.ts'
import { type Provider, providerNames, providers } from '../../domain/provider.ts'

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Where a provider is asked, and with which key. `address` has no trailing slash and stands for the gateway's own path of the provider
 * (`/anthropic`, `/openai/v1`, `/gemini`), so what follows that path there follows `address` here: OpenAI's ends in /v1, the others' do not.
 */
export type Account = {
  /** A `Provider`, or one that only judges. */
  readonly provider: string
  readonly address: string
  /** `noKey`, or empty: nothing has to be shown. */
  readonly key: string
  /** The header that carries the key. */
  readonly auth: 'x-api-key' | 'x-goog-api-key' | 'bearer'
}

/** A local server rarely wants a key, and does not mind one. */
export const noKey = 'none'

const usual: Readonly<Record<Provider, Pick<Account, 'address' | 'auth'>>> = {
  anthropic: { address: 'https://api.anthropic.com', auth: 'x-api-key' },
  openai: { address: 'https://api.openai.com/v1', auth: 'bearer' },
  gemini: { address: 'https://generativelanguage.googleapis.com', auth: 'x-goog-api-key' },
}

/** Providers that can be asked: those whose key or address the host's environment has; all of them when answers are replayed. */
export const providersOf = (variables: Variables, replaying: boolean): readonly Provider[] =>
  providerNames.filter((name) => replaying || firstOf(variables, [...providers[name].keys, ...providers[name].addresses]))

/**
 * The account of a provider, by the variables that its own clients read. `key`: the run's own, instead of the host's. Undefined when there is
 * neither a key nor an address, unless answers are replayed: then nobody is asked. Throws `agent_model_unresolved` for an address that is none.
 */
export function accountOf(
  provider: Provider,
  variables: Variables,
  { key, replaying }: { key?: string; replaying: boolean },
): Account | undefined {
  const named = firstOf(variables, providers[provider].addresses)
  const held = firstOf(variables, providers[provider].keys)
  const shown = key ?? held?.value ?? (named ? noKey : undefined)
  if (shown === undefined && !replaying) return undefined
  return {
    provider,
    address: named ? readAddress(named.value, named.name) : usual[provider].address,
    key: replaying ? '' : (shown ?? ''),
    auth: isBearer(provider, held?.name, key) ? 'bearer' : usual[provider].auth,
  }
}

/** Anthropic's tokens of a log-in and of proxies in front of it travel as bearers. A run's own key says by its form which it is. */
const isBearer = (provider: Provider, held: string | undefined, key: string | undefined): boolean =>
  provider === 'anthropic' && (key?.startsWith('sk-ant-oat') || (held === 'ANTHROPIC_AUTH_TOKEN' && !key?.startsWith('sk-ant-')))

/** `NAME` with something in it, blanks at its ends aside: secrets from files like to end in a line break. */
export function firstOf(variables: Variables, names: readonly string[]): { readonly name: string; readonly value: string } | undefined {
  return names.map((name) => ({ name, value: variables[name]?.trim() ?? '' })).find(({ value }) => value !== '')
}

/** An http(s) address without trailing slash, query, fragment and user. Path prefixes stay. */
export function readAddress(text: string, variable: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password)
    throw new ProctorError(
      'agent_model_unresolved',
      `${variable} holds no address of a model provider: accepted is http(s)://host[:port][/path], without user, query or fragment`,
    )
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}
