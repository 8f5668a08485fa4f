import type { ColumnType, Generated } from 'kysely'
import type { BlobRef, Digest, Place } from '../../../runner/domain/blob.ts'
import type { Code } from '../../../runner/domain/codes.ts'
import type { Verdict } from '../../../runner/domain/grade.ts'
import type { Gate, Trust } from '../../../runner/domain/plan.ts'
import type { Conclusion, Totals } from '../../../runner/domain/report.ts'
import type { Result } from '../../../runner/domain/result.ts'
import type { Document, Maybe, MaybeDocument, Now, Time } from './columns.ts'

export type EvaluationKind = 'pull_request' | 'push' | 'tag' | 'command' | 'merge_group'

export type EvaluationState = 'waiting' | 'queued' | 'planning' | 'running' | 'concluding' | 'done' | 'cancelled' | 'failed'

/** What was asked for. `evals` absent = all that the trigger names. */
export type Request = {
  readonly evals?: readonly string[]
  readonly agents?: readonly string[]
  readonly epochs?: number
  /** Another look at an evaluation: at all of it, at what did not pass, or at nothing, so that only its verdict is made anew. */
  readonly rerun?: { readonly of: string; readonly anew: 'all' | 'failed' | 'nothing' }
  /** The organisation's configuration, where the repository has none of its own. */
  readonly config?: string
  /** The branch that a pull request is for. */
  readonly baseRef?: string
  readonly by?: string
  /** Somebody wanted to see some evals: shown beside what decides about the commit, never in its place. */
  readonly aside?: true
}

/** One problem that somebody must act on. */
export type ErrorLine = { readonly code: Code; readonly message: string; readonly place?: Place; readonly log?: string }

export type Evaluations = {
  id: string
  repoId: number
  installationId: number
  /** Login of the account, in lower case. */
  organisation: string
  kind: EvaluationKind
  ref: Maybe<string>
  pull: Maybe<number>
  pullAuthor: Maybe<string>
  tag: Maybe<string>
  headSha: string
  baseSha: Maybe<string>
  headRepoId: Maybe<number>
  /** A push to this repository's default branch: the only results that others are compared with. */
  defaultBranch: boolean
  trust: 'trusted' | 'fork'
  approvedBy: Maybe<string>
  approvedWithCredentials: Generated<boolean>
  request: Document<Request>
  state: EvaluationState
  note: Maybe<string>
  priority: number
  dedupe: string
  supersedes: Maybe<string>
  deliveryId: Maybe<string>
  planId: Maybe<Digest>
  planBlob: MaybeDocument<BlobRef>
  planJob: Maybe<string>
  headTree: MaybeDocument<BlobRef>
  baseTree: MaybeDocument<BlobRef>
  errors: MaybeDocument<readonly ErrorLine[]>
  happenedAt: Time
  createdAt: Now
  /** When it came into its state. */
  changedAt: Now
  startedAt: Maybe<Date>
  finishedAt: Maybe<Date>
  /** The state that GitHub shows, since when, and how many results it shows. */
  shown: Maybe<EvaluationState>
  shownAt: Maybe<Date>
  shownResults: Maybe<number>
  /** When somebody wanted it to go on: when it was made, or approved. */
  askedAt: Now
}

/** `notBefore`: it is tried again then. */
export type Troubles = {
  evaluationId: string
  work: 'fetch' | 'publish'
  tries: number
  since: Now
  notBefore: Time
  error: string
}

export type Batches = {
  evaluationId: string
  eval: string
  agent: string
  proposed: boolean
  samples: number
  gate: Document<Gate>
  conclusion: Maybe<Conclusion>
}

export type Samples = { evaluationId: string; eval: string; agent: string; sampleId: string; place: MaybeDocument<Place> }

type ChunkState = 'due' | 'done' | 'lost'

export type Chunks = { evaluationId: string; index: number; jobId: string; state: Generated<ChunkState>; note: Maybe<string> }

export type Results = {
  seq: ColumnType<number, never, never>
  evaluationId: string
  runId: string
  agent: string
  eval: string
  sampleId: string
  side: 'head' | 'base'
  epoch: number
  attempt: number
  runKey: Digest
  gradeKey: Digest
  verdict: Verdict
  /** Of an unscored run: why. */
  code: Maybe<string>
  /** The record says something that another grading may build on. */
  reusable: boolean
  reused: boolean
  costUsd: number
  result: Document<KeptDocument>
  keptAt: Now
}

/** A result without its run: that one is in the plan. */
export type KeptDocument = Omit<Result, 'run'>

export type Scores = {
  evaluationId: string
  runId: string
  name: string
  type: string
  required: boolean
  status: 'PASS' | 'FAIL' | 'N/A'
  score: number
  trust: Trust
}

export type Verdicts = {
  evaluationId: string
  revision: number
  conclusion: Conclusion
  reportBlob: MaybeDocument<BlobRef>
  totals: MaybeDocument<Totals>
  createdAt: Now
}

/** Bytes that an evaluation names: as long as one does, they stay. */
export type BlobUses = { evaluationId: string; digest: Digest }
