import { z } from 'zod'
import { id, repoOf, senderOf, user, withRepo } from './fields.ts'
import type { Intent } from './intent.ts'

const payload = withRepo.extend({
  action: z.string(),
  issue: z.object({ number: id, pull_request: z.unknown().optional() }),
  comment: z.object({ id, html_url: z.string(), body: z.string().nullable(), user: user.nullable(), created_at: z.string() }),
})

/** `issue_comment`: only new ones, and only people's. What was edited later could say something else than what was read and approved. */
export function issueComment(body: unknown): Intent {
  const read = payload.parse(body)
  const { action, comment, issue, sender } = read
  if (action !== 'created') return { kind: 'ignore', why: `issue_comment ${action.slice(0, 40)}` }
  const author = senderOf(comment.user ?? { login: 'ghost', id: 1 })
  if (author.isBot || senderOf(sender).isBot) return { kind: 'ignore', why: 'a comment of a bot' }
  if (sender.id !== author.id) return { kind: 'ignore', why: 'a comment that somebody else sent' }
  return {
    kind: 'comment',
    repo: repoOf(read),
    comment: {
      id: comment.id,
      url: comment.html_url,
      body: comment.body ?? '',
      author,
      createdAt: comment.created_at,
      issue: issue.number,
      pull: issue.pull_request === undefined ? undefined : issue.number,
    },
    sender: senderOf(sender),
  }
}
