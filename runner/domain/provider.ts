/**
 * Model providers that the gateway speaks for. `keys` and `addresses` are the environment variables that the providers' own clients read:
 * on the host they say where a provider is and what it wants to see; in a sandbox they name the gateway and the run's token. `path` is the
 * gateway's address of the provider.
 */
export const providers = {
  anthropic: { keys: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'], addresses: ['ANTHROPIC_BASE_URL'], path: '/anthropic' },
  openai: { keys: ['OPENAI_API_KEY', 'CODEX_API_KEY'], addresses: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'], path: '/openai/v1' },
  gemini: { keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'], addresses: ['GOOGLE_GEMINI_BASE_URL'], path: '/gemini' },
} as const satisfies Record<string, { readonly keys: readonly string[]; readonly addresses: readonly string[]; readonly path: string }>

export type Provider = keyof typeof providers
export const providerNames = Object.keys(providers) as Provider[] // the keys of a constant

/** Whose key an environment variable holds, by its name. */
export const providerOfKey = (variable: string): Provider | undefined =>
  providerNames.find((name) => (providers[name].keys as readonly string[]).includes(variable))
