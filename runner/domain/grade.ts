import type { Digest } from './blob.ts'
import type { Trust } from './plan.ts'
import type { Usage } from './record.ts'

/** Scores + judgement + verdict of one record, under its own key, so that it can be made again. */
export type Grade = {
  readonly run: string
  readonly key: Digest
  readonly scores: readonly Score[]
  readonly judgement?: Judgement
  readonly verdict: Verdict
  /** Why it is what it is, in one sentence: the failing scorer, the code, the judge. */
  readonly reason: string
  /** Set when the verdict is `unscored`: the infrastructure code that stopped grading. */
  readonly code?: string
  readonly usage: Usage
}
export type Verdict = 'pass' | 'fail' | 'unscored'

/** `score` is 0..1. `evidence` is bounded, redacted text for a person. */
export type Score = {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly status: 'PASS' | 'FAIL' | 'N/A'
  readonly score: number
  readonly trust: Trust
  readonly evidence: string
}
/** `agreement` = share of the judge's samples that voted with the majority. `quote` was found verbatim in the evidence. */
export type Judgement = {
  readonly pass: boolean
  readonly model: string
  readonly criteria: readonly Criterion[]
  readonly reasoning: string
  readonly agreement: number
  readonly samples: number
  /** What did not fit into the evidence, by name. */
  readonly cut: readonly string[]
}
export type Criterion = { readonly name: string; readonly pass: boolean; readonly quote: string; readonly reason: string }
