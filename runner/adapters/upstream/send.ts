import type { Trouble } from '../../domain/model-call.ts'
import type { Account } from './accounts.ts'

/** One request to a provider, cleaned: no credentials and no hop-by-hop headers in it. Whoever sends it adds the account's key. */
export type UpstreamCall = {
  /** `judge`: recorded answers come from the trusted side only. */
  readonly as: 'agent' | 'judge'
  readonly run: string
  readonly account: Account
  readonly method: string
  /** Below the account's address, with its query: `/messages?beta=true`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Whether the answer is an event stream: then it begins at once, else only when it is complete. */
  readonly stream: boolean
}
/** `headers` in lower case, without cookies, organisation names and key fragments. Any status. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
}

/** Throws `UpstreamFailed` when there is no answer, or when its body breaks off. */
export type Send = (call: UpstreamCall, signal: AbortSignal) => Promise<Answer>

export class UpstreamFailed extends Error {
  readonly trouble: Trouble
  constructor(trouble: Trouble, message: string) {
    super(message)
    this.trouble = trouble
  }
}
