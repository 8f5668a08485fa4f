import { type Provider, providerNames, providers } from '../../domain/provider.ts'

/** Where a provider is asked, and with which key. `address` without a trailing slash. */
export type Account = {
  readonly provider: string
  readonly address: string
  readonly key: string
  /** The header that carries the key. */
  readonly auth: 'x-api-key' | 'x-goog-api-key' | 'bearer'
}

/** Providers that can be asked: those whose key or address the host's environment has; all of them when answers are replayed. */
export const providersOf = (variables: Readonly<Record<string, string | undefined>>, replaying: boolean): readonly Provider[] =>
  providerNames.filter(
    (name) => replaying || [...providers[name].keys, ...providers[name].addresses].some((variable) => variables[variable]),
  )
