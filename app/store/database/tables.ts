import type { ColumnType, Generated } from 'kysely'
import type { BlobRef, Digest, Place } from '../../../runner/domain/blob.ts'
import type { Code } from '../../../runner/domain/codes.ts'
import type { Verdict } from '../../../runner/domain/grade.ts'
import type { Gate, Trust } from '../../../runner/domain/plan.ts'
import type { Conclusion, Totals } from '../../../runner/domain/report.ts'
import type { Result } from '../../../runner/domain/result.ts'
import type { JsonText } from './json.ts'

/** Rows as they are: columns are snake_case in the database; ids of GitHub are numbers, times are Dates, documents are objects. */
export type Tables = {
  readonly installations: Installations
  readonly repos: Repos
  readonly tags: Tags
  readonly deliveries: Deliveries
  readonly agents: Agents
  readonly agentVersions: AgentVersions
  readonly evaluations: Evaluations
  readonly batches: Batches
  readonly samples: Samples
  readonly chunks: Chunks
  readonly results: Results
  readonly scores: Scores
  readonly verdicts: Verdicts
  readonly outbox: Outbox
  readonly checkRuns: CheckRuns
  readonly feedback: Feedback
  readonly expectedArtifacts: ExpectedArtifacts
  readonly quarantined: Quarantined
  readonly baselines: Baselines
  readonly masterKeys: MasterKeys
  readonly credentials: Credentials
  readonly workers: Workers
  readonly claims: Claims
  readonly blobUses: BlobUses
  readonly workerLogins: WorkerLogins
}

type Document<T> = ColumnType<T, JsonText<T>, JsonText<T>>
type Time = ColumnType<Date, Date, Date>
type Now = ColumnType<Date, Date | undefined, Date>
type Maybe<T> = ColumnType<T | null, T | null | undefined, T | null>
type MaybeDocument<T> = ColumnType<T | null, JsonText<T> | null | undefined, JsonText<T> | null>

export type Installations = {
  id: number
  account: string
  accountId: number
  accountType: string
  suspendedAt: Maybe<Date>
  removedAt: Maybe<Date>
  createdAt: Now
}
export type Repos = {
  id: number
  installationId: number
  owner: string
  name: string
  defaultBranch: Maybe<string>
  private: boolean
  tagsReadAt: Maybe<Date>
  removedAt: Maybe<Date>
  createdAt: Now
}
export type Tags = { repoId: number; name: string; commit: string; seenAt: Now }

export type DeliveryState = 'received' | 'handled' | 'ignored' | 'failed'
export type Deliveries = {
  id: string
  event: string
  action: Maybe<string>
  installationId: Maybe<number>
  repoId: Maybe<number>
  bodyDigest: string
  /** As it was sent: parsed JSON that nobody has checked. */
  body: Document<unknown>
  receivedAt: Now
  state: Generated<DeliveryState>
  note: Maybe<string>
}

export type Agents = { repoId: number; slug: string; name: string; firstSeen: Now }
export type AgentVersions = {
  repoId: number
  slug: string
  tag: string
  commit: string
  publishedAt: Maybe<Date>
  evaluationId: Maybe<string>
}

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
export type ChunkState = 'due' | 'done' | 'lost'
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
export type OutboxKind = 'checks' | 'comment' | 'release' | 'reaction' | 'reply'
export type Outbox = {
  id: string
  evaluationId: Maybe<string>
  kind: OutboxKind
  key: string
  payload: Document<unknown>
  state: Generated<'due' | 'done' | 'gone'>
  attempts: Generated<number>
  error: Maybe<string>
  notBefore: Now
  createdAt: Now
  doneAt: Maybe<Date>
}
export type CheckRuns = {
  evaluationId: string
  name: string
  githubId: number
  status: 'queued' | 'in_progress' | 'completed'
  conclusion: Maybe<Conclusion>
  updatedAt: Now
}

export type Rating = 'pass' | 'fail' | 'partial' | 'none'
export type Feedback = {
  id: string
  repoId: number
  runId: Maybe<string>
  evaluationId: Maybe<string>
  agent: Maybe<string>
  eval: Maybe<string>
  sampleId: Maybe<string>
  rating: Rating
  body: string
  author: string
  authorId: number
  /** From somebody with write permission. What strangers say reaches neither judge nor baseline. */
  trusted: boolean
  url: string
  key: string
  createdAt: Now
}
export type ExpectedArtifacts = {
  id: string
  repoId: number
  runId: string
  agent: string
  eval: string
  sampleId: string
  name: string
  blob: Document<BlobRef>
  digest: Digest
  author: string
  authorId: number
  url: string
  key: string
  createdAt: Now
}
export type Quarantined = {
  repoId: number
  agent: string
  eval: string
  sampleId: string
  author: string
  url: string
  createdAt: Now
}
export type Baselines = {
  repoId: number
  agent: string
  eval: string
  sampleId: string
  key: Digest
  evaluationId: string
  runId: string
  acceptedBy: Maybe<string>
  createdAt: Now
}

/** `proof` opens with the right master key only. */
export type MasterKeys = { id: string; salt: Buffer; proof: Buffer; createdAt: Now }
export type Credentials = {
  organisation: string
  name: string
  version: number
  keyId: string
  wrapped: Buffer
  data: Buffer
  setBy: string
  createdAt: Now
}
export type Workers = {
  id: string
  name: string
  organisations: Maybe<readonly string[]>
  publicKey: string
  /** The login of the database that made it. */
  login: Generated<string>
  startedAt: Now
  seenAt: Now
}
/** Logins of the database for workers; `organisations` null = all. */
export type WorkerLogins = { login: string; organisations: Maybe<readonly string[]>; createdAt: Now }
export type Claims = {
  jobId: string
  fence: number
  kind: 'plan' | 'chunk'
  workerId: string
  evaluationId: string
  organisation: string
  claimedAt: Now
  wanted: MaybeDocument<readonly string[]>
  publicKey: Maybe<string>
  /** What web sealed for this claim's key alone. */
  sealed: MaybeDocument<unknown>
}

/** Bytes that an evaluation names: as long as one does, they stay. */
export type BlobUses = { evaluationId: string; digest: Digest }
