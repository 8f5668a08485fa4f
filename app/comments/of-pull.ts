import { again, hasEnded, isDeciding } from '../intents/again.ts'
import type { Evaluation } from '../store/evaluations.ts'
import { fullName, type WebWorld } from '../web/world.ts'
import { type HeardAtPull, wishOf } from './heard.ts'

/** A pull request at this moment, and its evaluations, newest first. `mine` = the one that this very comment asked for before. */
export async function pullAt(heard: HeardAtPull, { store, door }: Pick<WebWorld, 'store' | 'door'>) {
  const { repo, github, number } = heard
  const pull = await door.pullOf(github, fullName(repo), number)
  const all = await store.evaluations.withKey(repo.id, `pull:${number}`)
  const wishes = [wishOf(heard), `again:${wishOf(heard)}`]
  return { pull, all, ofHead: all.filter(({ headSha }) => headSha === pull.head), mine: all.find(({ dedupe }) => wishes.includes(dedupe)) }
}

/** What decides about the head of a pull request, once it has ended: the newest, but for what somebody wanted to see beside it. */
export function lastOf(ofHead: readonly Evaluation[]): Evaluation | undefined {
  const newest = ofHead.find(isDeciding)
  return newest && hasEnded(newest) ? newest : undefined
}

/** Has the verdict on the head made anew out of the results that there are. Undefined: there is none yet, or it is being made. */
export async function newVerdict(heard: HeardAtPull, world: Pick<WebWorld, 'store' | 'door'>): Promise<string | undefined> {
  const { ofHead, mine } = await pullAt(heard, world)
  const of = lastOf(ofHead)
  if (mine) return mine.id
  if (of?.state !== 'done' || ofHead.some((one) => isDeciding(one) && !hasEnded(one))) return undefined
  const outcome = await again({ of, anew: 'nothing', by: heard.comment.author.login, wish: wishOf(heard) }, world)
  return 'refused' in outcome ? undefined : outcome.evaluation
}
