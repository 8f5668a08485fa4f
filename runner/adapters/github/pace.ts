import { setTimeout as sleep } from 'node:timers/promises'
import type { throttling } from '@octokit/plugin-throttling'

type Throttle = NonNullable<Parameters<typeof throttling>[1]['throttle']>
type Limiter = Required<Extract<Throttle, { enabled?: boolean }>>['write']

/**
 * Lets `atOnce` requests pass, then one every `everyMs`; who was quiet for a while may be quick again. The throttling plugin's own
 * limiters make each second write wait, and are one for a whole process.
 */
export function pace({ atOnce, everyMs }: { readonly atOnce: number; readonly everyMs: number }): Limiter {
  let next = Number.NEGATIVE_INFINITY
  const limiter = {
    /** A repeated request has `weight` 0: it has waited already. */
    async schedule<T>({ weight }: { readonly weight?: number }, work: () => Promise<T>): Promise<T> {
      const now = performance.now()
      next = Math.max(next, now - (atOnce - 1) * everyMs)
      const wait = weight === 0 ? 0 : Math.max(0, next - now)
      if (weight !== 0) next += everyMs
      if (wait > 0) await sleep(wait)
      return work()
    },
  }
  return { key: () => limiter } as unknown as Limiter // all that the plugin asks of a Bottleneck.Group
}
