import type { ReportBatch } from '../../../domain/report.ts'
import { codeSpan } from '../../neutral.ts'
import { plural } from '../../wording.ts'
import type { Place } from '../read.ts'
import { some } from './budget.ts'
import { commitLink } from './links.ts'

/** Head against base: what changed, whether chance explains it, and how large a change could have been seen at all. */
export function comparisonBlock({ comparison }: ReportBatch, place: Place, names: number): string | undefined {
  if (!comparison) return undefined
  const { base, pairs, regressed, fixed, accepted = [], unpaired, p, detectable } = comparison
  const where = `${place.baseRef === undefined ? 'the base' : codeSpan(place.baseRef, 80)}${base === '' ? '' : ` (${commitLink(base, place)})`}`
  return [
    `**Against ${where}**: ${regressed.length} regressed, ${fixed.length} fixed, of ${plural(pairs, 'sample')} with a result on both sides.`,
    ...(regressed.length > 0 ? [`- Regressed: ${namesOf(regressed, names)}`] : []),
    ...(fixed.length > 0 ? [`- Fixed: ${namesOf(fixed, names)}`] : []),
    ...(accepted.length > 0 ? [`- Accepted, though the base passes: ${namesOf(accepted, names)}`] : []),
    ...(unpaired > 0
      ? [`- Unpaired: ${plural(unpaired, 'sample')} without a result of the base${p === null ? '' : ', so p is the least that it can be'}`]
      : []),
    ...(p === null ? [] : [`- Exact McNemar test, two-sided: p ${probability(p)}`]),
    `- ${detectable === null ? 'Too few samples to tell any change from chance at 5%' : `Smallest detectable effect: ${plural(detectable, 'sample')} that all change in one direction, of ${pairs + unpaired} (at 5%)`}`,
  ].join('\n')
}

export function namesOf(samples: readonly string[], most: number): string {
  const { shown, more } = some(samples, most)
  if (shown.length === 0) return plural(more, 'sample')
  return `${shown.map((sample) => codeSpan(sample, 80)).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const probability = (p: number) => (p < 0.001 ? '< 0.001' : `= ${p >= 0.995 ? '1' : p.toPrecision(2)}`)
