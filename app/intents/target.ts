import type { Occasion, Repo } from '../events/intent.ts'
import type { GitHubOf } from '../github-door.ts'
import { fullName, type WebWorld } from '../web/world.ts'

/** What an occasion is about, with commits for names. `config` = the commit whose configuration holds; absent: the default branch's. */
export type Target = {
  readonly kind: 'pull_request' | 'push' | 'tag' | 'merge_group'
  readonly head: string
  readonly base?: string
  readonly config?: string
  readonly ref: string
  readonly baseRef?: string
  readonly group: string
  readonly tag?: string
  readonly pull?: { readonly number: number; readonly author: string; readonly headRepo: number | undefined }
  /** A push to the default branch: what others are compared with. */
  readonly isDefault: boolean
}

/**
 * Asks GitHub for what the delivery does not say. A pull request's configuration is its base's, a tag's the default branch's: neither a
 * head nor a tag says what it is examined with. Undefined: the tag is gone, or stands for no commit.
 */
export async function targetOf(
  occasion: Occasion,
  {
    repo,
    defaultBranch,
    github,
    door,
  }: { readonly repo: Repo; readonly defaultBranch: string; readonly github: GitHubOf } & Pick<WebWorld, 'door'>,
): Promise<Target | undefined> {
  const { group } = occasion
  switch (occasion.at) {
    case 'pull_request': {
      const { head, base, pull: number, author, headRepo } = occasion
      const merge = await door.mergeBase(github, fullName(repo), base, head)
      return {
        kind: 'pull_request',
        head,
        base: merge,
        config: base,
        ref: occasion.headRef,
        baseRef: occasion.baseRef,
        group,
        pull: { number, author: author.login, headRepo },
        isDefault: false,
      }
    }
    case 'merge_group':
      return {
        kind: 'merge_group',
        head: occasion.head,
        base: occasion.base,
        config: occasion.base,
        ref: occasion.ref,
        baseRef: occasion.baseRef,
        group,
        isDefault: false,
      }
    case 'push': {
      const isDefault = occasion.branch === defaultBranch
      return { kind: 'push', head: occasion.head, ...(isDefault ? { config: occasion.head } : {}), ref: occasion.branch, group, isDefault }
    }
    case 'tag': {
      const head = await door.commitOfTag(github, fullName(repo), occasion.tag)
      return head === undefined ? undefined : { kind: 'tag', head, ref: occasion.tag, group, tag: occasion.tag, isDefault: false }
    }
  }
}
