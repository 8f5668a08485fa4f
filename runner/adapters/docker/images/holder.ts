import { setTimeout as sleep } from 'node:timers/promises'
import type { Maker } from '../container.ts'
import { statusOf } from '../engine.ts'
import { type Life, lifeOf } from '../owner.ts'

const longestRemovalMs = 30_000

/** The container that holds a name, and with it the right to build. `builds` = digest of a custom image. */
export type Holder = { readonly owner: string; readonly life: Life; readonly builds: string; readonly since: number }

/** Undefined when nobody holds it, or no longer. */
export async function holderOf({ engine }: Maker, name: string, signal?: AbortSignal): Promise<Holder | undefined> {
  const container = engine.docker.getContainer(name)
  const inspect = (abortSignal: AbortSignal) => container.inspect({ abortSignal })
  const found = await engine.call('look at a build', inspect, signal ? { signal } : {}).catch(unlessGone)
  if (!found) return undefined
  const owner = found.Config.Labels['proctor.owner'] ?? ''
  return { owner, life: lifeOf(owner), builds: found.Config.Labels['proctor.run'] ?? '', since: Date.parse(found.Created) }
}

/** Removes a build container, and returns when its name is free. */
export async function removeHolder({ engine }: Maker, name: string): Promise<void> {
  const container = engine.docker.getContainer(name)
  const until = Date.now() + longestRemovalMs
  for (;;) {
    const status = await engine.call('remove a build', () => container.remove({ force: true, v: true })).then(() => 404, statusOf)
    // 409: its removal is under way already.
    if (status !== 409 || Date.now() > until) return
    await sleep(50)
  }
}

function unlessGone(thrown: unknown): undefined {
  if (statusOf(thrown) !== 404) throw thrown
}
