import { z } from 'zod'
import { repoOf, senderOf, time, withRepo } from './fields.ts'
import type { Intent } from './intent.ts'

const payload = withRepo.extend({
  action: z.string(),
  release: z.object({ tag_name: z.string().min(1), draft: z.boolean(), published_at: time.nullable() }),
})

/** `release`: only `published` counts; `created` is sent for drafts too. What it points at may be a branch: the tag is looked up. */
export function release(body: unknown): Intent {
  const read = payload.parse(body)
  const { action, release: made } = read
  if (action !== 'published' || made.draft) return { kind: 'ignore', why: `release ${made.draft ? 'draft' : action.slice(0, 40)}` }
  return {
    kind: 'evaluate',
    repo: repoOf(read),
    occasion: {
      at: 'tag',
      tag: made.tag_name,
      isRelease: true,
      group: `tag:${made.tag_name}`,
      ...(made.published_at && { publishedAt: made.published_at }),
    },
    sender: senderOf(read.sender),
  }
}
