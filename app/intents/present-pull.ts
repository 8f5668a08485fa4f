import type { Intent, Occasion, Repo } from '../events/intent.ts'
import type { GitHubDoor } from '../github-door.ts'
import { fullName, type WebWorld } from '../web/world.ts'
import { isRefused } from './hopeless.ts'
import { withdraw } from './withdraw.ts'

type Pull = Awaited<ReturnType<GitHubDoor['pullOf']>>
type Late = Extract<Intent, { kind: 'withdraw' }>
type Evaluate = Extract<Intent, { kind: 'evaluate' }>
type Of = { readonly repo: Repo; readonly pull: number; readonly happenedAt: Date | undefined }

/**
 * A pull request as GitHub has it now, when that is at least as new as what a delivery says of it: deliveries come late, after a later one
 * too, and GitHub's own copies may be behind. Undefined: the delivery is all there is.
 */
async function presentOf({ repo, pull, happenedAt }: Of, { clients, door }: WebWorld): Promise<Pull | undefined> {
  try {
    const found = await door.pullOf(await clients.of(repo), fullName(repo), pull)
    return happenedAt && found.updatedAt < happenedAt ? undefined : found
  } catch (error) {
    // Without the permission to look at pull requests their deliveries have to be believed.
    if (isRefused(error)) return undefined
    throw error
  }
}

/** What is asked for by a pull request, as it is now. Or why nobody waits for it any more. */
export async function asItIs(intent: Evaluate, world: WebWorld): Promise<Evaluate | { readonly over: string }> {
  const { repo, occasion, happenedAt } = intent
  if (occasion.at !== 'pull_request') return intent
  const found = await presentOf({ repo, pull: occasion.pull, happenedAt }, world)
  if (!found) return intent
  if (!found.isOpen) return { over: whys.closed }
  const present: Occasion = { ...occasion, isDraft: found.isDraft }
  return { ...intent, occasion: present }
}

/** One that was closed while its evaluation was being made has none: its own delivery may have come too early to find it. */
export async function endIfOver(intent: Evaluate, evaluation: string, world: WebWorld): Promise<string | undefined> {
  const now = await asItIs(intent, world)
  if (!('over' in now)) return undefined
  await world.store.evaluations.cancel(evaluation, now.over)
  return now.over
}

/** Ends what is under way for it, unless that is over already. */
export async function withdrawn({ repo, pull, as, happenedAt }: Late, world: WebWorld): Promise<string> {
  const found = await presentOf({ repo, pull, happenedAt }, world)
  const isBack = found && (as === 'closed' ? found.isOpen : found.isOpen && !found.isDraft)
  if (isBack) return `the pull request is ${as === 'closed' ? 'open' : 'ready'} again`
  return `${await withdraw(repo.id, pull, whys[as], world)} evaluations ended: ${whys[as]}`
}

const whys = { closed: 'the pull request was closed', draft: 'the pull request is a draft again' } as const
