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
  readonly trigger: {
    readonly kind: string
    readonly repo: string
    readonly sha: string
    readonly base?: string
    readonly ref?: string
    readonly pull?: number
  }
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
  /** Those of `missing` of the report that are this batch's. Absent = none. */
  readonly missing?: readonly string[]
  /** An eval that the change itself brings: outside the conclusion and the totals of the report. */
  readonly proposed?: true
  /** Ids of samples that somebody took out of the gate: they run, are in `runs`, and are in no total. Absent = none. */
  readonly quarantined?: readonly string[]
  readonly comparison?: Comparison
  /** Keys "1".."epochs": unbiased estimate over samples that have at least k scored epochs. */
  readonly pass_at: Readonly<Record<string, number>>
  readonly pass_hat: Readonly<Record<string, number>>
  readonly scorers: readonly ScorerTotals[]
  readonly runs: readonly ReportRun[]
}
/** Head against base, sample by sample, over those that were scored on both sides. A sample passes on a side when more than half of its epochs do. */
export type Comparison = {
  /** Commit of the base side. */
  readonly base: string
  readonly pairs: number
  /** Ids of samples: pass on base and fail on head; the other way round. */
  readonly regressed: readonly string[]
  readonly fixed: readonly string[]
  /** Pass on base and fail on head, and somebody accepted that. Absent = none. */
  readonly accepted?: readonly string[]
  /** Samples that were scored on head and have no result of the base. */
  readonly unpaired: number
  /** Exact McNemar test, two-sided. With `unpaired` > 0 it is the least that it can be. Null without pairs. */
  readonly p: number | null
  /** How many samples would have to change, all in one direction, to be told from chance at 5%. Null: not even all of them. */
  readonly detectable: number | null
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
  /** It was taken over from an earlier plan with the same keys, and cost nothing here. */
  readonly reused?: { readonly plan: Digest; readonly commit: string }
  /** What people said of this sample, in this report or an earlier one, oldest first. */
  readonly feedback?: readonly ReportFeedback[]
  /** Files that people said a run of this sample should leave. */
  readonly expected?: readonly ReportExpected[]
  /** The newest rating of somebody with write access says otherwise than the verdict. */
  readonly contradicts?: true
}
/** `trusted`: by somebody who could write to the repository. `at` is ISO 8601. */
export type ReportFeedback = {
  readonly rating: 'pass' | 'fail' | 'partial' | 'none'
  readonly body: string
  readonly author: string
  readonly trusted: boolean
  readonly url: string
  readonly at: string
}
export type ReportExpected = {
  readonly name: string
  readonly bytes: number
  readonly digest: Digest
  readonly author: string
  readonly url: string
  readonly at: string
}
