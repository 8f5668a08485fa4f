import { z } from 'zod'
import { id, repoOf, senderOf, sha, time, user, withRepo } from './fields.ts'
import type { Intent, Occasion } from './intent.ts'

const side = z.object({ sha, ref: z.string().min(1), repo: z.object({ id }).nullable() })
const payload = withRepo.extend({
  action: z.string(),
  pull_request: z.object({
    number: id,
    state: z.string().default('open'),
    draft: z.boolean().default(false),
    user: user.nullable(),
    head: side,
    base: side,
    updated_at: time,
    labels: z.array(z.object({ name: z.string() })).default([]),
  }),
})
const examined = ['opened', 'synchronize', 'reopened', 'ready_for_review', 'labeled'] as const
const isExamined = (action: string): action is (typeof examined)[number] => examined.some((known) => known === action)

/** `pull_request`: a new head takes the place of the older one; a pull request that is closed or drafted again needs no verdict. */
export function pullRequest(body: unknown): Intent {
  const read = payload.parse(body)
  const { action, pull_request: pull, sender } = read
  const repo = repoOf(read)
  const happenedAt = pull.updated_at
  const common = { repo, ...(happenedAt && { happenedAt }) } as const
  if (action === 'closed') return { kind: 'withdraw', pull: pull.number, as: 'closed', ...common }
  if (action === 'converted_to_draft') return { kind: 'withdraw', pull: pull.number, as: 'draft', ...common }
  if (!isExamined(action)) return { kind: 'ignore', why: `pull_request ${action.slice(0, 40)}` }
  // Of one that is closed labels are changed too.
  if (pull.state !== 'open') return { kind: 'ignore', why: `pull_request ${action} of one that is closed` }
  const occasion: Occasion = {
    at: 'pull_request',
    action,
    pull: pull.number,
    author: { login: pull.user?.login ?? 'ghost', id: pull.user?.id ?? 0 },
    head: pull.head.sha,
    headRef: pull.head.ref,
    headRepo: pull.head.repo?.id,
    base: pull.base.sha,
    baseRef: pull.base.ref,
    isDraft: pull.draft,
    labels: pull.labels.map(({ name }) => name),
    group: `pull:${pull.number}`,
  }
  return { kind: 'evaluate', occasion, sender: senderOf(sender), ...common }
}
