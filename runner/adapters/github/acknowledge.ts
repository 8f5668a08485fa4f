import { type GitHub, ownerAndName } from './client.ts'
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

/** One reply to one comment, edited in place when there is more to say. `author` = our own login: what others marked so is theirs. */
export async function reply({ github, repo, issue, author, to, body }: Reply): Promise<void> {
  const { issues } = github.api.rest
  const at = { ...ownerAndName(repo), issue_number: issue }
  const marker = markerOf(to)
  const text = `${marker}\n${body}`
  const find = async () => {
    const all = await github.api.paginate(issues.listComments, { ...at, per_page: 100 })
    return all.find((comment) => comment.user?.login === author && comment.body?.startsWith(marker))
  }
  const found = await find()
  if (found?.body === text) return
  if (found) return void (await issues.updateComment({ ...ownerAndName(repo), comment_id: found.id, body: text }))
  await createOnce({ github, create: async () => (await issues.createComment({ ...at, body: text })).data, find })
}
