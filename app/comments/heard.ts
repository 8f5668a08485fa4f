import type { Comment, Repo } from '../events/intent.ts'
import type { GitHubOf } from '../github-door.ts'
import { fullName, type WebWorld } from '../web/world.ts'

/** A command on its way: who said it where, and whether they may write there, as GitHub's API says at this moment. */
export type Heard = {
  readonly repo: Repo
  readonly comment: Comment
  readonly github: GitHubOf
  readonly mayWrite: boolean
}
/** Under a pull request. */
export type HeardAtPull = Heard & { readonly number: number }

/** What is said about it and shown at once: done, refused, or kept for what it is worth. `says` = Markdown of ours. */
export type Answer = { readonly did: 'done' | 'refused' | 'noted'; readonly says: string }
export const done = (says: string): Answer => ({ did: 'done', says })
export const refused = (says: string): Answer => ({ did: 'refused', says })

/** Names what a comment asks for: a delivery that is worked on twice asks for it once. */
export const wishOf = ({ comment }: Pick<Heard, 'comment'>): string => `comment:${comment.id}`

/** Where the check runs of a pull request are shown. */
export const checksOf = ({ repo, number }: Pick<HeardAtPull, 'repo' | 'number'>, { serverUrl }: Pick<WebWorld, 'serverUrl'>): string =>
  `[Checks](${serverUrl}/${fullName(repo)}/pull/${number}/checks)`
