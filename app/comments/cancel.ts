import { plural } from '../../runner/report/wording.ts'
import type { WebWorld } from '../web/world.ts'
import { type Answer, done, type HeardAtPull, refused } from './heard.ts'

/**
 * Ends what was under way for the pull request when this was said. The note tells a second look at the same comment what the first one
 * ended.
 */
export async function cancel({ repo, comment, number }: HeardAtPull, { store }: Pick<WebWorld, 'store'>): Promise<Answer> {
  const note = `cancelled by ${comment.author.login}: ${comment.url}`
  const all = await store.evaluations.withKey(repo.id, `pull:${number}`)
  const meant = all.filter(({ happenedAt }) => happenedAt <= new Date(comment.createdAt))
  const ended = await Promise.all(meant.map(async (one) => one.note === note || (await store.evaluations.cancel(one.id, note))))
  const count = ended.filter(Boolean).length
  return count === 0 ? refused('Nothing is under way for this pull request.') : done(`Cancelled ${plural(count, 'evaluation')}.`)
}
