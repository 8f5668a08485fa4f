import { ProctorError, toError } from '../../runner/domain/error.ts'
import type { Intent } from '../events/intent.ts'
import { isDeciding } from '../intents/again.ts'
import { checksPage, fullName, type WebWorld } from '../web/world.ts'

/** Says at the commit why nothing comes of it and who must act, where that can be said: whoever requires a verdict is not left waiting. */
export async function tellOfRefusal(intent: Intent, why: string, world: WebWorld): Promise<void> {
  const sha = intent.kind === 'evaluate' ? intent.occasion.head : undefined
  if (intent.kind !== 'evaluate' || sha === undefined) return
  const { repo } = intent
  const { store, clients, door, log, serverUrl } = world
  try {
    if ((await store.evaluations.ofCommit(repo.id, sha)).some(isDeciding)) return
    const name = fullName(repo)
    const checks = door.openChecks({
      ...{ repo: name, sha, name: 'proctor', externalId: `proctor:refused:${sha}`, progressMs: 0 },
      github: await clients.of(repo),
      place: { serverUrl, repo: name, sha, runUrl: checksPage(world, name, sha), notes: [] },
      read: async () => undefined,
      files: new Set(),
      log: (line) => log.info({ repo: name }, line),
    })
    await checks.fail([new ProctorError('github_refused', why)])
  } catch (error) {
    log.warn({ repo: fullName(repo), sha, error: toError(error).message }, 'nobody could be told')
  }
}
