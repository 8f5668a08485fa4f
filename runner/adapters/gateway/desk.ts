import type { Provider } from '../../domain/provider.ts'
import type { Account } from '../upstream/accounts.ts'
import type { Purse } from '../upstream/budgets.ts'
import type { Route } from '../upstream/dialect.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Held } from './body.ts'
import type { Ending } from './ending.ts'
import type { GatewayLimits } from './limits.ts'
import type { Tally } from './tally.ts'

/** What the requests of one run share. */
export type Desk = {
  readonly run: string
  readonly token: string
  readonly open: boolean
  readonly upstream: Pick<Upstream, 'dialects' | 'send' | 'cost'>
  readonly accounts: ReadonlyMap<Provider, Account>
  readonly mayAsk: (provider: Provider, model: string) => boolean
  /** What somebody limits for this run, its batch or its plan: what cannot be counted in it is not let through. */
  readonly limited: { readonly cost: boolean; readonly tokens: boolean }
  /** Masks the run's secrets, in recordings. */
  readonly redact: (text: string) => string
  readonly purse: Purse
  readonly tally: Tally
  readonly ending: Ending
  readonly limits: GatewayLimits
  readonly held: Held
}
export type Ask = { readonly provider: Provider; readonly route: Route; readonly path: string; readonly query: string }
