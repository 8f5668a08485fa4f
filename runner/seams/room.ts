import type { BlobRef } from '../domain/blob.ts'
import type { Once } from './sandbox.ts'

/**
 * Where a run is graded. Every call is a fresh sandbox: exercise image, baseline, the editable part of the work, no network,
 * no credentials, no sudo. The rooms decide what `work` is allowed in; a scorer only says what it wants to run.
 */
export interface Room {
  grade(request: GradeRequest): Promise<Once>
  /** Everything that changed, by path (names as bytes in latin1), and what of it a filter keeps out of grading. */
  readonly change: Change
  /** `grading: live`: nothing was kept out, so no score is better than `unverified`. */
  readonly live: boolean
}
export type GradeRequest = {
  readonly command: readonly string[]
  /** `user`: the agent's code runs in the command's own process tree. `grader`: the command is trusted, holds `files` privately and starts agent code with `as-agent`. */
  readonly as: 'user' | 'grader'
  readonly timeoutMs: number
  readonly env?: Readonly<Record<string, string>>
  /** `baseline`: without the agent's work. `tests-too`: the agent's own test files as well. */
  readonly tree?: 'work' | 'baseline' | 'tests-too'
  /** Laid over the workspace (`user`) or put into the grader's private folder /proctor/grader (`grader`). */
  readonly files?: BlobRef
  /** More small files, absolute path -> text, owned by root, readable. */
  readonly extra?: Readonly<Record<string, string>>
  /** Absolute path to bring back as a tar. */
  readonly collect?: string
}
export type Change = {
  readonly entries: readonly ChangedPath[]
  /** Paths that the agent changed but that did not enter grading, with the reason. */
  readonly withheld: readonly { readonly path: string; readonly why: 'not editable' | 'protected' | 'runner hook' | 'test file' }[]
}
export type ChangedPath = {
  readonly path: string
  readonly how: 'added' | 'modified' | 'deleted' | 'mode' | 'type'
  readonly added: number
  readonly removed: number
  readonly binary: boolean
}
