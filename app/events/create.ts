import { z } from 'zod'
import { repoOf, senderOf, withRepo } from './fields.ts'
import type { Intent } from './intent.ts'

const payload = withRepo.extend({ ref: z.string().min(1), ref_type: z.string() })

/** `create` of a tag. Its commit is looked up: the payload does not say it. */
export function create(body: unknown): Intent {
  const read = payload.parse(body)
  if (read.ref_type !== 'tag') return { kind: 'ignore', why: `create of a ${read.ref_type.slice(0, 40)}` }
  return {
    kind: 'evaluate',
    repo: repoOf(read),
    occasion: { at: 'tag', tag: read.ref, isRelease: false, group: `tag:${read.ref}` },
    sender: senderOf(read.sender),
  }
}
