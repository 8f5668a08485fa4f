import type { Json } from './blob.ts'

/** One tool call of a run. */
export type LedgerRow = {
  readonly callId: string
  readonly tool: string
  readonly actor?: string
  readonly args: Json
  readonly response: Json
  readonly source: 'simulated' | 'passthrough' | 'injected' | 'error' | 'transport_error'
  readonly worldDiff?: Json
}
