import { z } from 'zod'
import { repoOf, senderOf, sha, withRepo } from './fields.ts'
import type { Intent } from './intent.ts'

const branch = (ref: string) => ref.replace(/^refs\/heads\//, '')
const payload = withRepo.extend({
  action: z.string(),
  merge_group: z.object({ head_sha: sha, head_ref: z.string(), base_sha: sha, base_ref: z.string() }),
})

/** `merge_group`: a merge queue asks whether what it is about to merge holds. Its branch is the queue's own, never a fork's. */
export function mergeGroup(body: unknown): Intent {
  const read = payload.parse(body)
  const { action, merge_group: group } = read
  if (action !== 'checks_requested') return { kind: 'ignore', why: `merge_group ${action.slice(0, 40)}` }
  const ref = branch(group.head_ref)
  return {
    kind: 'evaluate',
    repo: repoOf(read),
    occasion: {
      at: 'merge_group',
      head: group.head_sha,
      ref,
      base: group.base_sha,
      baseRef: branch(group.base_ref),
      group: `queue:${ref}`,
    },
    sender: senderOf(read.sender),
  }
}
