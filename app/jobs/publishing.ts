import type { Place } from '../../runner/report/github/read.ts'
import type { GitHubDoor, GitHubOf } from '../github-door.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { Told } from './report-of.ts'

/** An evaluation on its way to GitHub. */
export type Publishing = {
  readonly evaluation: Evaluation
  readonly told: Told | undefined
  readonly repo: string
  readonly github: GitHubOf
  readonly place: Place
  readonly checks: ReturnType<GitHubDoor['openChecks']>
}
