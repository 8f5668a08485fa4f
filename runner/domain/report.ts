import type { Digest, Json } from './blob.ts'
import type { Judgement, Score, Verdict } from './grade.ts'

/** report.json. Others build on it: these names are fixed. Paths are relative to the report's folder. */
export type Report = {
  readonly schema: 'proctor/report@1'
  readonly plan: Digest
  /** Grows while runs finish; a publisher drops what is older than what it has shown. */
  readonly revision: number
  readonly state: 'running' | 'complete' | 'incomplete'
  readonly conclusion: Conclusion
  /** Ids of runs that have no result. */
  readonly missing: readonly string[]
  readonly totals: Totals
  readonly batches: readonly ReportBatch[]
  readonly generated_at: string
  readonly proctor: string
  readonly warnings: readonly string[]
}
export type Conclusion = 'success' | 'failure' | 'neutral' | 'cancelled' | 'action_required'

/** `pass_rate` is null when nothing was scored. `interval` is the 95% Wilson interval of it. Unscored runs are in `runs`, never in the rate. */
export type Totals = {
  readonly runs: number
  readonly pass: number
  readonly fail: number
  readonly unscored: number
  readonly pass_rate: number | null
  readonly interval: readonly [number, number] | null
  readonly regressions: number
  readonly cost_usd: number
}
export type ReportBatch = {
  readonly eval: string
  readonly agent: string
  readonly commit: string
  readonly conclusion: Conclusion
  /** One sentence: which part of the gate decided. */
  readonly reason: string
  /** The author's sentence about the eval. */
  readonly description?: string
  readonly gate: {
    readonly min_pass_rate: number
    readonly no_regressions: boolean
    readonly max_cost_usd?: number
    readonly min_trust?: string
  }
  readonly totals: Totals
  /** Keys "1".."epochs": unbiased estimate over samples that have at least k scored epochs. */
  readonly pass_at: Readonly<Record<string, number>>
  readonly pass_hat: Readonly<Record<string, number>>
  readonly scorers: readonly ScorerTotals[]
  readonly runs: readonly ReportRun[]
}
export type ScorerTotals = {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly trust: string
  readonly pass: number
  readonly fail: number
  readonly na: number
  readonly pass_rate: number | null
  readonly interval: readonly [number, number] | null
}
export type ReportRun = {
  readonly id: string
  readonly sample: string
  readonly side: 'head' | 'base'
  readonly epoch: number
  readonly attempt: number
  readonly verdict: Verdict
  readonly reason: string
  /** Set when the verdict is `unscored`: the code of the table of errors that says who must act. */
  readonly code?: string
  readonly ended: { readonly as: string; readonly limit?: string; readonly code?: string; readonly message?: string }
  readonly scores: readonly Score[]
  readonly judge: Judgement | null
  readonly response: string
  readonly diff: {
    readonly files: number
    readonly added: number
    readonly removed: number
    readonly cut: boolean
    readonly left: readonly string[]
    readonly path: string
  } | null
  /** `instruction` of each turn and what came back. */
  readonly turns: readonly { readonly id: string; readonly user: string; readonly response: string; readonly steps: number }[]
  readonly trajectory: string
  /** What the run left in its outputs folder. */
  readonly outputs: readonly { readonly name: string; readonly bytes: number; readonly path: string }[]
  readonly ledger: readonly Json[]
  /** `input_tokens` counts all, those read from or written to a cache included. */
  readonly usage: {
    readonly by: string
    readonly input_tokens: number
    readonly output_tokens: number
    readonly cost_usd: number
    readonly cache_read_tokens: number
    readonly cache_write_tokens: number
    /** Requests to models, one line each in `model_calls`. */
    readonly calls: number
  }
  /** model-calls.jsonl: what the gateway metered, request by request. */
  readonly model_calls?: string
  readonly warnings: readonly string[]
  readonly duration_ms: number
  readonly keys: { readonly run: Digest; readonly grade: Digest }
  readonly from?: { readonly file: string; readonly line: number }
}
