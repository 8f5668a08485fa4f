import type { WebWorld } from '../web/world.ts'
import type { Command } from './grammar.ts'
import { type Answer, checksOf, done, type HeardAtPull, refused } from './heard.ts'
import { pullAt } from './of-pull.ts'

/** Lets a fork's commit run: exactly the one that was looked at, and only while it is the head. One that is pushed meanwhile waits by itself. */
export async function approve(
  { sha, withCredentials }: Extract<Command, { do: 'approve' }>,
  heard: HeardAtPull,
  world: WebWorld,
): Promise<Answer> {
  const { pull, all } = await pullAt(heard, world)
  const by = heard.comment.author.login
  if (pull.head !== sha) return refused(`\`${sha}\` is not the head of this pull request, \`${pull.head}\` is: look at that one.`)
  if (!pull.isOpen) return refused('This pull request is closed.')
  const asked = all.filter(({ headSha }) => headSha === sha)
  const before = asked.some((one) => one.approvedBy === by && one.approvedWithCredentials === withCredentials)
  const approvals = asked.map(({ id }) => world.store.evaluations.approve({ id, sha, by, withCredentials }))
  const isDone = (await Promise.all(approvals)).some(Boolean) || before
  if (!isDone) return refused(`Nothing waits for an approval of \`${sha}\`.`)
  return done(`Approved \`${sha}\`, ${withCredentials ? 'with' : 'without'} credentials. ${checksOf(heard, world)}`)
}
