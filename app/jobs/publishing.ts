import type { Place } from '../../runner/report/github/read.ts'
import type { GitHubDoor, GitHubOf } from '../github-door.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { Told } from './report-of.ts'

/**
 * ms for which it is tried to show something. GitHub itself calls a check run stale that is not completed after 14 days
 * (https://docs.github.com/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks).
 */
export const hopelessMs = 14 * 86_400_000

/** An evaluation on its way to GitHub. */
export type Publishing = {
  readonly evaluation: Evaluation
  readonly told: Told | undefined
  readonly repo: string
  readonly github: GitHubOf
  readonly place: Place
  readonly checks: ReturnType<GitHubDoor['openChecks']>
}
