import type { Repo } from '../events/intent.ts'
import type { GitHubOf } from '../github-door.ts'
import type { Evaluation } from '../store/evaluations.ts'
import { fullName, type WebWorld } from '../web/world.ts'
import type { Target } from './target.ts'

type Tied = { readonly repo: Repo; readonly target: Pick<Target, 'kind' | 'ref' | 'pull'> }

/**
 * Ends all but one of several commits of the same second: GitHub is asked which it is, now that all of them are rows. A commit that comes
 * later ends that one too; where none of them is the head any more, that one is on its way.
 */
export async function breakTie(
  tied: readonly Evaluation[],
  { repo, target }: Tied,
  { github, world }: { readonly github: GitHubOf; readonly world: Pick<WebWorld, 'door' | 'store'> },
): Promise<void> {
  const { door, store } = world
  const head = target.pull
    ? (await door.pullOf(github, fullName(repo), target.pull.number)).head
    : target.kind === 'push'
      ? await door.headOfBranch(github, fullName(repo), target.ref)
      : undefined
  if (head === undefined) return
  for (const one of tied) if (one.headSha !== head) await store.evaluations.cancel(one.id, `superseded by ${head}`)
}
