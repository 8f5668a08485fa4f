import type { Prices, Tokens } from '../../domain/model-call.ts'
import type { Provider } from '../../domain/provider.ts'
import { Redactor } from '../../lib/redact.ts'
import { type Account, accountOf, noKey } from './accounts.ts'
import { type Budgets, openBudgets } from './budgets.ts'
import { type ChatAccount, chatAccount } from './chat-accounts.ts'
import type { Dialect } from './dialect.ts'
import { anthropic } from './dialects/anthropic.ts'
import { gemini } from './dialects/gemini.ts'
import { openai } from './dialects/openai.ts'
import { readPatience } from './patience.ts'
import { openPrices } from './prices.ts'
import type { Send } from './send.ts'

/** The only place that holds provider keys, prices, budgets and recorded answers. Gateway and judge both go through it. */
export type Upstream = {
  readonly dialects: Readonly<Record<Provider, Dialect>>
  /** Undefined when nobody gives a key and nothing is replayed. `key`: instead of the host's. Throws `agent_model_unresolved` for an address that is none. */
  account(provider: Provider, key?: string): Account | undefined
  /** Where to chat with `provider/model`, of more providers than agents have. Throws `agent_model_unresolved`. */
  chat(model: string): ChatAccount
  readonly send: Send
  readonly budgets: Budgets
  /** US dollars; undefined when the model has no price. `model` = provider/model. */
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

/** Throws `usage_invalid` for a time that is none. */
export function openUpstream({ variables, record, replay }: UpstreamOptions): Upstream {
  const secrets = new Redactor()
  const prices = openPrices()
  const patience = readPatience(variables)
  const replaying = replay !== undefined
  /** From here on its key is in no recording. */
  function known<T extends Account | undefined>(account: T): T {
    if (account && account.key !== noKey && account.key !== '') secrets.register(account.key)
    return account
  }

  return {
    dialects: { anthropic, openai, gemini },
    account: (provider, key) => known(accountOf(provider, variables, { ...(key === undefined ? {} : { key }), replaying })),
    chat(model) {
      const chat = chatAccount(model, variables, replaying)
      known(chat.account)
      return chat
    },
    send: lazily(async () => {
      if (replay) return (await import('./cassette/cassette.ts')).replaying(replay)
      const live = (await import('./live.ts')).openLive(variables, patience)
      return record === undefined ? live : (await import('./cassette/cassette.ts')).recording(live, record, (text) => secrets.redact(text))
    }),
    budgets: openBudgets(),
    cost: prices.cost,
    setPrices: prices.set,
  }
}

/** Nothing is loaded before somebody asks. */
function lazily(open: () => Promise<Send>): Send {
  let opened: Promise<Send> | undefined
  return async (call, signal) => {
    opened ??= open()
    return (await opened)(call, signal)
  }
}
