import { toError } from '../../runner/domain/error.ts'
import type { GitHubOf } from '../github-door.ts'
import type { Tag } from '../store/github/agents.ts'
import type { Repo } from '../store/github/installations.ts'
import { fullName, type WebWorld } from '../web/world.ts'
import { evaluate } from './evaluate.ts'
import { isRefused } from './hopeless.ts'

/**
 * The tags that a repository has when we come to it were made before us, and are not evaluated; all later ones are. So this is done as soon
 * as an installation is known, and throws when GitHub could not be asked, for whoever waits longer takes new tags for old ones.
 */
export async function lookAtPast(installation: number, github: GitHubOf, { store, door, log }: WebWorld): Promise<void> {
  const failures: unknown[] = []
  for (const repo of await store.installations.repos(installation)) {
    if (repo.tagsReadAt) continue
    try {
      await store.agents.pastTags(repo.id, await door.tagsOf(github, fullName(repo)))
    } catch (error) {
      log.warn({ repo: fullName(repo), error: toError(error).message }, 'tags were not read')
      if (!isRefused(error)) failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** GitHub tells nothing of the fourth tag of one push. One is seen when its evaluation was asked for: what failed is tried the next time. */
export async function lookAtNew(repo: Repo, world: WebWorld): Promise<void> {
  const { store, clients, door, log } = world
  const github = await clients.of({ id: repo.id, installation: repo.installationId })
  for (const tag of await store.agents.newTags(repo.id, await door.tagsOf(github, fullName(repo))))
    try {
      const { note } = await evaluateTag(repo, tag, world)
      await store.agents.sawTag(repo.id, tag)
      log.info({ repo: fullName(repo), tag: tag.name, note }, 'a tag that GitHub had not told of')
    } catch (error) {
      log.warn({ repo: fullName(repo), tag: tag.name, error: toError(error).message }, 'a tag waits')
    }
}

function evaluateTag({ id, owner, name, private: isPrivate, installationId, defaultBranch }: Repo, tag: Tag, world: WebWorld) {
  const repo = { id, owner, name, private: isPrivate, installation: installationId, ...(defaultBranch !== null && { defaultBranch }) }
  const occasion = { at: 'tag', tag: tag.name, head: tag.commit, isRelease: false, group: `tag:${tag.name}` } as const
  return evaluate({ kind: 'evaluate', repo, occasion, sender: { login: '', id: 0, isBot: false } }, world)
}
