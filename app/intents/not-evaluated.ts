import { codeSpan } from '../../runner/report/neutral.ts'
import type { Repo } from '../events/intent.ts'
import type { GitHubOf } from '../github-door.ts'
import { checksPage, fullName, type WebWorld } from '../web/world.ts'
import { isDeciding } from './again.ts'

type About = { readonly repo: Repo; readonly sha: string; readonly why: string }

/** Says in the check run that may be required why there will be no verdict. What has one, or will have, keeps that. */
export async function sayNotEvaluated(
  { repo, sha, why }: About,
  { github, world }: { readonly github: GitHubOf; readonly world: WebWorld },
): Promise<void> {
  const { store, door, log } = world
  if ((await store.evaluations.ofCommit(repo.id, sha)).some(isDeciding)) return
  const summary = `Nothing was run: ${codeSpan(why, 500)}, so says \`.github/proctor.yml\` of the base. \`/proctor run\` in a comment on a pull request evaluates it all the same.`
  await door.tellWhyNot({
    github,
    repo: fullName(repo),
    sha,
    name: 'proctor',
    externalId: `proctor:not-evaluated:${sha}`,
    detailsUrl: checksPage(world, fullName(repo), sha),
    output: { title: 'Not evaluated', summary },
    log: (line) => log.info({ repo: fullName(repo) }, line),
  })
}
