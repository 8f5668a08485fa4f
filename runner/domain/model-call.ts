import type { Provider } from './provider.ts'

/** Tokens of one or more calls. `input` = neither read from a cache nor written to one; `output` includes reasoning. */
export type Tokens = { readonly input: number; readonly cacheRead: number; readonly cacheWrite: number; readonly output: number }
export const noTokens: Tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 }

/** US dollars per million tokens. Without a price of their own, cache reads and writes cost what input does. */
export type Price = { readonly input: number; readonly output: number; readonly cacheRead?: number; readonly cacheWrite?: number }
/** `provider/model` -> price; a name that ends in `*` stands for all that begin so. */
export type Prices = Readonly<Record<string, Price>>

/** One request of an agent to a model provider, as the gateway metered it. Times in ms. One line of model-calls.jsonl. */
export type ModelCall = {
  /** ISO 8601. */
  readonly at: string
  readonly provider: Provider
  readonly route: string
  readonly model: string
  /** What the agent got. */
  readonly status: number
  readonly durationMs: number
  readonly firstByteMs?: number
  readonly tokens: Tokens
  readonly costUsd: number
  /** The provider's count never came, so this is what had been reserved. */
  readonly estimated?: true
  /** What went wrong at the provider or on the way there: not the agent's doing. */
  readonly trouble?: Trouble
  /** Why the gateway itself refused, in words. */
  readonly refused?: string
}
export type Trouble =
  | 'key refused'
  | 'rate limited'
  | 'server error'
  | 'no answer in time'
  | 'connection lost'
  | 'not reachable'
  | 'not recorded'
