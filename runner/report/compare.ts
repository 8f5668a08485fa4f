import type { Batch } from '../domain/plan.ts'
import type { Comparison, ReportRun } from '../domain/report.ts'
import { fewestToTell, mcnemar } from './statistics.ts'

/** Head against base over the last attempts of a batch's runs. Undefined when the batch has no base. `accepted` = samples that may be worse. */
export function compare(
  final: readonly ReportRun[],
  base: Batch['base'],
  accepted: ReadonlySet<string> = new Set(),
): Comparison | undefined {
  const scored = final.filter(({ verdict }) => verdict !== 'unscored')
  if (base === undefined && !scored.some(({ side }) => side === 'base')) return undefined
  const sides = [...Map.groupBy(scored, ({ sample }) => sample)].flatMap(([sample, runs]) => {
    const head = passes(runs, 'head')
    return head === undefined ? [] : [{ sample, head, base: base?.same ? head : passes(runs, 'base') }]
  })
  const pairs = sides.filter((pair) => pair.base !== undefined)
  const worse = pairs.filter((pair) => pair.base && !pair.head).map(({ sample }) => sample)
  const borne = worse.filter((sample) => accepted.has(sample))
  const fixed = pairs.filter((pair) => !pair.base && pair.head).map(({ sample }) => sample)
  return {
    base: base?.commit ?? '',
    pairs: pairs.length,
    regressed: worse.filter((sample) => !accepted.has(sample)),
    fixed,
    ...(borne.length > 0 && { accepted: borne }),
    unpaired: sides.length - pairs.length,
    p: pairs.length === 0 ? null : mcnemar(worse.length, fixed.length),
    detectable: fewestToTell(sides.length),
  }
}

/** More than half of its scored epochs. */
function passes(runs: readonly ReportRun[], side: ReportRun['side']): boolean | undefined {
  const own = runs.filter((run) => run.side === side)
  return own.length === 0 ? undefined : own.filter(({ verdict }) => verdict === 'pass').length * 2 > own.length
}
