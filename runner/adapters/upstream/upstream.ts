import type { Prices, Tokens } from '../../domain/model-call.ts'
import type { Provider } from '../../domain/provider.ts'
import type { Account } from './accounts.ts'
import type { Budgets } from './budgets.ts'
import type { Dialect } from './dialect.ts'
import type { Send } from './send.ts'

/** The only place that holds provider keys, prices, budgets and recorded answers. Gateway and judge both go through it. */
export type Upstream = {
  readonly dialects: Readonly<Record<Provider, Dialect>>
  /** Undefined when nobody gives a key and nothing is replayed. `key`: instead of the host's. */
  account(provider: Provider, key?: string): Account | undefined
  readonly send: Send
  readonly budgets: Budgets
  /** US dollars; undefined when the model has no price. */
  cost(model: string, tokens: Tokens): number | undefined
  /** Over the built-in table. */
  setPrices(prices: Prices): void
}
export type UpstreamOptions = {
  /** The host's environment. */
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Folders of recorded answers; the judge's come from the trusted side. */
  readonly record?: string
  readonly replay?: { readonly agent: string; readonly judge: string }
}

export declare function openUpstream(options: UpstreamOptions): Upstream
