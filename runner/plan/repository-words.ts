import type { Price, Prices } from '../domain/model-call.ts'
import type { Budget, Plan } from '../domain/plan.ts'
import type { Package } from './read/read-package.ts'

/** The less of what the configuration allows and what was asked for. */
export function budgetOf({ config }: Package, askedUsd?: number): Budget {
  const { cost_usd, wall_s } = config?.value.budget ?? {}
  const limits = [cost_usd, askedUsd].filter((limit) => limit !== undefined)
  return {
    ...(limits.length === 0 ? {} : { costUsd: Math.min(...limits) }),
    ...(wall_s === undefined ? {} : { wallMs: wall_s * 1000 }),
  }
}

/** As the engine has them: what a repository says about prices changes what a run may spend, never what it is. */
export function pricesOf({ config }: Package): Prices | undefined {
  const written = config?.value.prices
  if (!written) return undefined
  const prices = Object.entries(written).map(([name, { input, output, cache_read, cache_write }]): [string, Price] => [
    name,
    {
      input,
      output,
      ...(cache_read === undefined ? {} : { cacheRead: cache_read }),
      ...(cache_write === undefined ? {} : { cacheWrite: cache_write }),
    },
  ])
  return Object.fromEntries(prices)
}

/** How results are shown, as far as the configuration says. */
export function publishingOf({ config }: Package): Plan['publishing'] {
  const { comment, release } = config?.value ?? {}
  if (comment === undefined && release === undefined) return undefined
  return { ...(comment && { comment }), ...(release && { onReleaseFailure: release.on_failure }) }
}
