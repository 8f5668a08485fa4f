import { again } from '../intents/again.ts'
import type { WebWorld } from '../web/world.ts'
import { type Answer, checksOf, done, type HeardAtPull, refused, wishOf } from './heard.ts'
import { lastOf, pullAt } from './of-pull.ts'

/** What did not pass is run once more, on the same commit. */
export async function rerunFailed(heard: HeardAtPull, world: WebWorld): Promise<Answer> {
  const { pull, ofHead, mine } = await pullAt(heard, world)
  const says = `Running what did not pass once more. ${checksOf(heard, world)}`
  if (mine) return done(says)
  if (!pull.isOpen) return refused('This pull request is closed.')
  const of = lastOf(ofHead)
  if (!of) return refused(nothingYet(pull.head))
  const outcome = await again({ of, anew: 'failed', by: heard.comment.author.login, wish: wishOf(heard) }, world)
  return 'refused' in outcome ? refused(nothingYet(pull.head)) : done(says)
}

/** What fails now is what is expected: the verdict is made anew with that in mind, and nothing is run. */
export async function accept(heard: HeardAtPull, world: WebWorld): Promise<Answer> {
  const { pull, ofHead, mine } = await pullAt(heard, world)
  const by = heard.comment.author.login
  const says = `Accepted: what fails now on \`${mine?.headSha ?? pull.head}\` is no regression of this pull request any more. ${checksOf(heard, world)}`
  if (mine) return done(says)
  const of = lastOf(ofHead)
  if (of?.state !== 'done') return refused(nothingYet(pull.head))
  if ((await world.store.baselines.accept(of.id, by)) === 0) return refused(`No result of \`${pull.head}\` was scored.`)
  await again({ of, anew: 'nothing', by, wish: wishOf(heard) }, world)
  return done(says)
}

const nothingYet = (head: string) => `There is no finished evaluation of \`${head}\` yet.`
