import { setTimeout as sleep } from 'node:timers/promises'
import type { throttling } from '@octokit/plugin-throttling'
import { GitHubError } from './error.ts'

type Throttle = NonNullable<Parameters<typeof throttling>[1]['throttle']>
type Limiter = Required<Extract<Throttle, { enabled?: boolean }>>['write']

/** Lets `atOnce` requests pass, then one every `everyMs`; who was quiet for a while may be quick again. */
export type Rate = { readonly atOnce: number; readonly everyMs: number }
/**
 * What was written so far, for each kind of rate: when the next request is due, in ms. Clients that share one stay below GitHub's limits
 * together, as repositories of one installation must.
 */
export type Budget = { readonly writes: number[]; readonly notifications: number[] }
export const openBudget = (): Budget => ({ writes: [], notifications: [] })

export type Pace = {
  readonly limiter: Limiter
  /** At least half of what may pass at once could pass now: what can wait for ever leaves the other half to what cannot. */
  hasRoom(): boolean
}
type Shared = { readonly due?: number[]; readonly mostMs?: number }

/**
 * All rates together. The throttling plugin's own limiters make each second write wait, and are one for a whole process. A request that
 * would wait for longer than `mostMs` is not sent: throws `github_limited`, and may come again.
 */
export function pace(rates: readonly Rate[], { due = [], mostMs = Number.POSITIVE_INFINITY }: Shared = {}): Pace {
  /** When the next request is due by one rate, if it was asked for now; long before now = there is room for many. */
  const nextOf = ({ atOnce, everyMs }: Rate, at: number, now: number) =>
    Math.max(due[at] ?? Number.NEGATIVE_INFINITY, now - (atOnce - 1) * everyMs)

  const limiter = {
    /** A repeated request has `weight` 0: it has waited already. */
    async schedule<T>({ weight }: { readonly weight?: number }, work: () => Promise<T>): Promise<T> {
      if (weight !== 0) {
        const now = performance.now()
        const next = rates.map((rate, at) => nextOf(rate, at, now))
        const wait = Math.max(0, ...next.map((time) => time - now))
        if (wait > mostMs) throw tooMany(`the next one would wait ${Math.ceil(wait / 1000)} s`)
        for (const [at, { everyMs }] of rates.entries()) due[at] = (next[at] ?? now) + everyMs
        if (wait > 0) await sleep(wait)
      }
      return work()
    },
  }
  return {
    limiter: { key: () => limiter } as unknown as Limiter, // all that the plugin asks of a Bottleneck.Group
    hasRoom() {
      const now = performance.now()
      return rates.every((rate, at) => now - nextOf(rate, at, now) >= (rate.atOnce / 2 - 1) * rate.everyMs)
    },
  }
}

/** Nothing was sent, so nothing was done: the status is the one that GitHub would have given. */
export const tooMany = (why: string) =>
  new GitHubError('github_limited', `as much was written as GitHub allows for now: ${why}`, { status: 429, cause: undefined })
