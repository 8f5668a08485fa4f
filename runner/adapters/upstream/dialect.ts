import type { Tokens } from '../../domain/model-call.ts'
import type { Provider } from '../../domain/provider.ts'

/** How one provider is spoken to: the routes that are let through, how their requests and answers are read, and how it refuses. One file a provider. */
export type Dialect = {
  readonly provider: Provider
  readonly routes: readonly Route[]
  /** A refusal of ours in the provider's own shape, as JSON text. */
  refuse(status: number, message: string): string
}
export type Route = {
  /** As a meter shows it: messages, count_tokens, chat, responses, generate, models ... */
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** Against the path below the provider's own, without query: `/v1/messages` of Anthropic, `/responses` of OpenAI. */
  readonly path: RegExp
  /** Only with `network: open`. */
  readonly beyond?: true
  /** Spends what no answer counts, such as a batch: not to be let through where a budget holds. */
  readonly unmetered?: true
  /** Absent: nothing is to be read in the request, and it costs nothing. */
  readonly read?: (request: RouteRequest) => ReadRequest | Refused
  /** Answered by the gateway itself, upstream is not asked. */
  readonly answer?: string
}
/** `path` and `query` as in the target; `open`: what reaches beyond one answer is let through. */
export type RouteRequest = { readonly path: string; readonly query: string; readonly body: Uint8Array; readonly open: boolean }
/** Why, in words for whoever wrote the agent. */
export type Refused = { readonly refused: string }
export type ReadRequest = {
  readonly model: string
  readonly stream: boolean
  /** What to send: `store` is false, usage is asked for, tools that reach beyond the answer are refused before. */
  readonly body: Uint8Array
  /** The most that this can use. `free`: counting tokens costs nothing. */
  readonly worst: Tokens
  readonly free?: true
  /** What makes it cost more than its model's price says, in words: not to be let through where a budget in dollars holds. */
  readonly dearer?: string
  /** Its tokens as its model's price counts them, where that is not one by one. */
  readonly priced?: (tokens: Tokens) => Tokens
  /** A meter for one answer. */
  readonly meter: () => Meter
}
/** Sees every byte of an answer, in order, and gives back what the agent is to get. Never throws, whatever passes by. */
export type Meter = {
  push(bytes: Uint8Array): Uint8Array | undefined
  /** What is left to hand on at the end, and the provider's own count when it came whole: an answer that broke off has none. */
  end(): { readonly rest?: Uint8Array; readonly tokens?: Tokens }
}
