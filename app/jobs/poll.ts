import { toError } from '../../runner/domain/error.ts'
import { evaluate } from '../intents/evaluate.ts'
import { fullName, type WebWorld } from '../web/world.ts'

/** GitHub keeps deliveries for three days; what we missed for longer is found by its tag or its next push. */
const lookBackMs = 6 * 3_600_000

/**
 * What GitHub does not tell: deliveries that did not arrive are asked for again, with the same id, so that one that did is not done twice;
 * and tags are read, since the fourth of one push sends nothing at all.
 */
export async function poll(world: WebWorld, { now = Date.now() } = {}): Promise<void> {
  await missed(world, new Date(now - lookBackMs)).catch((error: unknown) =>
    world.log.warn({ error: toError(error).message }, 'deliveries were not looked through'),
  )
  for (const { id: installation } of await world.store.installations.active())
    for (const repo of await world.store.installations.repos(installation))
      await tags(repo, world).catch((error: unknown) =>
        world.log.warn({ repo: fullName(repo), error: toError(error).message }, 'tags were not read'),
      )
}

async function missed({ app, store, log }: WebWorld, since: Date): Promise<void> {
  const all = await app.missedDeliveries(since)
  const known = await store.deliveries.known(all.map(({ guid }) => guid))
  const lost = all.filter(({ guid }) => !known.has(guid)).slice(0, 100)
  for (const { id, guid } of lost) {
    await app.redeliver(id)
    log.info({ delivery: guid }, 'asked for again')
  }
}

type Repo = Awaited<ReturnType<WebWorld['store']['installations']['repos']>>[number]

/** Those of a repository that nobody had looked at before are its past, and are not evaluated. */
async function tags(repo: Repo, world: WebWorld): Promise<void> {
  const { store, clients, door } = world
  if (repo.defaultBranch === null) return
  const github = await clients.of({ id: repo.id, installation: repo.installationId })
  const { tags: fresh, first } = await store.agents.newTags(repo.id, await door.tagsOf(github, fullName(repo)))
  if (first) return
  for (const { name: tag, commit } of fresh)
    await evaluate(
      {
        kind: 'evaluate',
        repo: {
          id: repo.id,
          owner: repo.owner,
          name: repo.name,
          private: repo.private,
          installation: repo.installationId,
          defaultBranch: repo.defaultBranch,
        },
        occasion: { at: 'tag', tag, head: commit, isRelease: false, group: `tag:${tag}` },
        sender: { login: '', id: 0, isBot: false },
      },
      world,
    )
}
