import type { BlobRef, Digest } from './blob.ts'
import type { Code } from './error.ts'

/** What happened: all that grading and regrading see. Turn diffs are cumulative; the last turn's is the run's. */
export type RunRecord = {
  readonly run: string
  readonly key: Digest
  readonly ended: Ended
  readonly turns: readonly Turn[]
  /** JSON Lines of Step, redacted, appended while the run lives. */
  readonly steps: BlobRef
  /** JSON Lines of LedgerRow. Absent when the agent has no tools. */
  readonly ledger?: BlobRef
  /** Files of /home/user/outputs, capped. */
  readonly outputs: readonly BlobRef[]
  /** The whole final tree change (lib/work.ts), uncut, never shown. Absent without a workspace, and when it held a secret: then it cannot be graded again. */
  readonly work?: BlobRef
  readonly usage: Usage
  /** JSON Lines of ModelCall. Absent when the agent called no model through the gateway. */
  readonly calls?: BlobRef
  readonly warnings: readonly string[]
  /** ISO 8601 start; `durationMs` is the whole run, `agentMs` the agent's own turns. */
  readonly timing: { readonly startedAt: string; readonly durationMs: number; readonly agentMs: number }
}

type Limit = 'time' | 'tokens' | 'cost' | 'turns' | 'memory' | 'disk'
export type Ended =
  | { readonly as: 'completed' | 'cancelled' }
  | { readonly as: 'limit'; readonly limit: Limit }
  | { readonly as: 'error'; readonly code: Code; readonly message: string }

/** One exchange. `response` is redacted and bounded. */
type Turn = { readonly id: string; readonly user: string; readonly response: string; readonly diff?: Diff; readonly steps: number }

/** For people: redacted, and cut where it says so. Grading never reads it. `left` names what never enters a diff (byte-code caches, nested .git). */
export type Diff = {
  readonly files: number
  readonly added: number
  readonly removed: number
  readonly cut: boolean
  readonly left: readonly string[]
  readonly text: BlobRef
}

/** `metered` by the gateway, or only `reported` by the agent itself. Never both. Cost in US dollars. */
export type Usage = {
  readonly by: 'metered' | 'reported' | 'none'
  /** All of them, cached or not. */
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costUsd: number
  readonly cacheReadTokens?: number
  readonly cacheWriteTokens?: number
  /** Requests to models. */
  readonly calls?: number
}
export const noUsage: Usage = { by: 'none', inputTokens: 0, outputTokens: 0, costUsd: 0 }
