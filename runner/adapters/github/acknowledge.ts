import { type GitHub, ownerAndName } from './client.ts'
import { pullThread } from './comments/thread.ts'
import { createOnce } from './create-once.ts'

export type Reaction = 'eyes' | 'rocket' | '+1' | '-1' | 'confused'

/** A reaction to somebody's comment. Given twice, GitHub keeps one. */
export async function react(github: GitHub, repo: string, comment: number, content: Reaction): Promise<void> {
  await github.api.rest.reactions.createForIssueComment({ ...ownerAndName(repo), comment_id: comment, content })
}

/** What marks a reply of ours to one comment. */
const markerOf = (to: string) => `<!-- proctor:reply to=${to.replaceAll(/[^\w.:-]/g, '_')} -->`

type Reply = {
  readonly github: GitHub
  readonly repo: string
  readonly issue: number
  readonly author: string
  readonly to: string
  readonly body: string
}

/**
 * One reply to one comment, edited in place when there is more to say. `author` = our own login: what others marked so is theirs. Of two that
 * answered at once the older answer stays, and says what was said last.
 */
export async function reply({ github, repo, issue, author, to, body }: Reply): Promise<void> {
  const thread = pullThread({ github, repo, pull: issue })
  const marker = markerOf(to)
  const text = `${marker}\n${body}`
  const own = async () => (await thread.list()).filter((comment) => comment.login === author && comment.body.startsWith(marker))
  const before = await own()
  if (before.length === 0) await createOnce({ github, create: () => thread.create(text), find: async () => (await own())[0] })
  const [first, ...others] = before.length === 1 ? before : await own()
  if (first && first.body !== text) await thread.update(first.id, text)
  for (const { id } of others) await thread.remove(id)
}
