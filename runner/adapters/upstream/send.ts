import type { Trouble } from '../../domain/model-call.ts'
import type { Account } from './accounts.ts'

/** One request to a provider. Whoever sends it adds the account's key, and leaves out credentials and what belongs to one connection. */
export type UpstreamCall = {
  /** `judge`: recorded answers come from the trusted side only. */
  readonly as: 'agent' | 'judge'
  readonly run: string
  readonly account: Account
  readonly method: string
  /** What follows the account's address, with its query: `/v1/messages?beta=true` for Anthropic, `/responses` for OpenAI. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Whether the answer is an event stream: then it begins at once, else only when it is complete. */
  readonly stream: boolean
  /** Masks the run's own secrets, which a recording must not hold. */
  readonly redact?: (text: string) => string
}
/**
 * `headers` in lower case, without cookies, organisation names, key fragments, length and what belongs to one connection. `body` without the
 * key. Any status, redirects too: they are not followed. Whoever asked reads the body to its end, or aborts.
 */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
}

/** Throws `UpstreamFailed` when there is no answer, or when its body breaks off; the signal's reason when that is why. */
export type Send = (call: UpstreamCall, signal: AbortSignal) => Promise<Answer>

export class UpstreamFailed extends Error {
  readonly trouble: Trouble
  constructor(trouble: Trouble, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.trouble = trouble
  }
}
