import type { BlobRef } from '../../runner/domain/blob.ts'
import type { Grade } from '../../runner/domain/grade.ts'
import type { Keys } from '../../runner/domain/plan.ts'
import type { RunRecord } from '../../runner/domain/record.ts'
import type { Origin, Result } from '../../runner/domain/result.ts'
import type { BuildTurn } from '../store/builds.ts'
import type { Planned } from '../store/chunks.ts'
import type { Claim } from '../store/claims.ts'
import type { ErrorLine, EvaluationKind, Request } from '../store/database/evaluation-tables.ts'
import type { Kept } from '../store/results.ts'

export type { Claim, Planned }

/** What a worker is told of an evaluation: no token, no secret, nothing of any other. */
export type Brief = {
  readonly evaluation: string
  readonly organisation: string
  /** owner/name */
  readonly repo: string
  readonly kind: EvaluationKind
  readonly ref: string
  readonly pull?: number
  readonly head: { readonly commit: string; readonly tree: BlobRef }
  readonly base?: { readonly commit: string; readonly tree: BlobRef }
  /** Whether its runs may have credentials; a fork's have them only when whoever approved it said so. */
  readonly credentials: boolean
  /** Whether evals that the change itself brings are run beside. */
  readonly proposals: boolean
  /** What images and snapshots may be shared with. */
  readonly trust: 'default branch' | 'pull request' | 'fork'
  readonly request: Request
  /** When it was asked for: ISO 8601. */
  readonly asked: string
  readonly plan?: BlobRef
}
/** Credentials that only whoever asked for them can open: by name, each under a key agreed upon with `publicKey`. */
export type Sealed = { readonly publicKey: string; readonly values: Readonly<Record<string, string>>; readonly missing: readonly string[] }

/**
 * All that a worker may ask. Whatever it says names a claim, and a claim that was cancelled or given to another changes nothing any more:
 * then the answer is false, and the worker lets go.
 */
export interface Desk {
  register(worker: { readonly name: string; readonly organisations?: readonly string[]; readonly publicKey: string }): Promise<string>
  /** The next job of the organisations that this worker is for, waiting up to `waitMs` for one. */
  claim(worker: string, waitMs: number, signal?: AbortSignal): Promise<Claim | undefined>
  beat(claim: Claim): Promise<boolean>
  about(claim: Claim): Promise<Brief | undefined>
  planned(claim: Claim, plan: Planned): Promise<boolean>
  refused(claim: Claim, errors: readonly ErrorLine[]): Promise<boolean>
  keep(claim: Claim, result: Result): Promise<boolean>
  results(claim: Claim): Promise<readonly Kept[]>
  find(claim: Claim, keys: Keys): Promise<{ readonly record?: RunRecord; readonly grade?: Grade }>
  /** A result that need not be made again: of the default branch, or of the evaluation that this one looks at again. */
  earlier(claim: Claim, keys: Keys): Promise<{ readonly record: RunRecord; readonly grade: Grade; readonly origin: Origin } | undefined>
  credentials(claim: Claim, names: readonly string[], publicKey: string): Promise<Sealed | undefined>
  /** Asks for the organisation's one turn at building an image, without waiting for it. */
  takeBuild(claim: Claim): Promise<BuildTurn>
  endBuild(claim: Claim): Promise<void>
  finish(claim: Claim): Promise<boolean>
  /** The machine's fault: the job is tried again, as long as it may be. */
  fail(claim: Claim, error: ErrorLine): Promise<boolean>
}
