import { toError } from '../../runner/domain/error.ts'
import type { WebWorld } from '../web/world.ts'

/** Has evaluations that go on show how far they are, each at most once in `everyMs`. One that cannot be shown now is shown the next time. */
export async function progress({ store, log }: Pick<WebWorld, 'store' | 'log'>, everyMs: number): Promise<void> {
  for (const evaluation of await store.publications.behind(everyMs))
    await store.queue
      .send('publish', { evaluation }, { singletonKey: evaluation })
      .catch((error: unknown) => log.warn({ evaluation }, toError(error).message))
}
