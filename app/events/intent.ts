/**
 * What a delivery asks for, before anybody has looked at the configuration or at who asked. Everything in it was written by strangers.
 * `happenedAt` is by GitHub's clock, where an event says it: deliveries come late and in any order.
 */
export type Intent =
  | { readonly kind: 'evaluate'; readonly repo: Repo; readonly occasion: Occasion; readonly sender: Sender; readonly happenedAt?: Date }
  | {
      readonly kind: 'withdraw'
      readonly repo: Repo
      readonly pull: number
      /** What it has become. */
      readonly as: 'closed' | 'draft'
      readonly happenedAt?: Date
    }
  | { readonly kind: 'rerun'; readonly repo: Repo; readonly of: Checked; readonly sender: Sender }
  | { readonly kind: 'button'; readonly repo: Repo; readonly action: string; readonly of: Checked; readonly sender: Sender }
  | { readonly kind: 'comment'; readonly repo: Repo; readonly comment: Comment; readonly sender: Sender }
  /** Whether the App is installed there, and what it sees, may have changed. */
  | { readonly kind: 'membership'; readonly installation: number }
  | { readonly kind: 'ignore'; readonly why: string }

/** GitHub's ids stay when names change. `defaultBranch` is not known from every event. */
export type Repo = {
  readonly id: number
  readonly owner: string
  readonly name: string
  readonly private: boolean
  readonly installation: number
  readonly defaultBranch?: string
}
export type Sender = { readonly login: string; readonly id: number; readonly isBot: boolean }

/** `head` = a commit; a release knows its tag alone. `group` = what a newer occasion of its kind takes the place of. */
export type Occasion =
  | {
      readonly at: 'pull_request'
      readonly action: 'opened' | 'synchronize' | 'reopened' | 'ready_for_review' | 'labeled'
      readonly pull: number
      readonly author: { readonly login: string; readonly id: number }
      readonly head: string
      readonly headRef: string
      readonly headRepo: number | undefined
      readonly base: string
      readonly baseRef: string
      readonly isDraft: boolean
      readonly labels: readonly string[]
      readonly group: string
    }
  | {
      readonly at: 'merge_group'
      readonly head: string
      readonly ref: string
      readonly base: string
      readonly baseRef: string
      readonly group: string
    }
  | { readonly at: 'push'; readonly head: string; readonly branch: string; readonly group: string }
  | {
      readonly at: 'tag'
      readonly tag: string
      readonly head?: string
      readonly isRelease: boolean
      readonly publishedAt?: Date
      readonly group: string
    }

/** A check run or a suite of ours: `externalId` is what we wrote into it; GitHub vouches for that, not for who may ask. */
export type Checked = { readonly head: string; readonly externalId?: string; readonly name?: string }

export type Comment = {
  readonly id: number
  readonly url: string
  readonly body: string
  readonly author: Sender
  readonly createdAt: string
  /** Number of the issue or pull request that it stands under. */
  readonly issue: number
  /** Undefined: it stands under an issue that is no pull request. */
  readonly pull: number | undefined
}
