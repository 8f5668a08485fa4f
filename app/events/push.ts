import { z } from 'zod'
import { repoOf, senderOf, sha, time, withRepo } from './fields.ts'
import type { Intent } from './intent.ts'

const payload = withRepo.extend({
  ref: z.string(),
  after: sha,
  deleted: z.boolean().default(false),
  head_commit: z.object({ id: sha }).nullish(),
})
const pushedAt = z.object({ repository: z.object({ pushed_at: time }) })

/** `push` of a branch or of a tag. GitHub sends none for the fourth tag of one push: those are found by polling. */
export function push(body: unknown): Intent {
  const read = payload.parse(body)
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/s.exec(read.ref) ?? []
  if (read.deleted || /^0+$/.test(read.after)) return { kind: 'ignore', why: 'a branch or tag was deleted' }
  if (name === undefined) return { kind: 'ignore', why: 'a push to neither a branch nor a tag' }
  const happenedAt = pushedAt.parse(body).repository.pushed_at
  const common = { kind: 'evaluate', repo: repoOf(read), sender: senderOf(read.sender), ...(happenedAt && { happenedAt }) } as const
  if (kind === 'heads') return { ...common, occasion: { at: 'push', head: read.after, branch: name, group: `push:${name}` } }
  // An annotated tag has a sha of its own: the commit is what counts.
  const head = read.head_commit?.id
  return { ...common, occasion: { at: 'tag', tag: name, ...(head === undefined ? {} : { head }), isRelease: false, group: `tag:${name}` } }
}
