import type { ReportBatch, ReportExpected, ReportFeedback, ReportRun } from '../../../domain/report.ts'
import { codeSpan, prose } from '../../neutral.ts'
import { plural } from '../../wording.ts'
import type { Place } from '../read.ts'
import { some } from './budget.ts'
import { namesOf } from './comparison.ts'
import { link } from './links.ts'

/** What people said of a run's sample, and what they said it should leave: who, when, and where to read it. */
export function saidOf({ feedback = [], expected = [] }: ReportRun, place: Place, rows: number): string[] {
  if (feedback.length + expected.length === 0) return []
  const { shown, more } = some(
    [...feedback.toReversed().map((one) => wordOf(one, place)), ...expected.toReversed().map((one) => fileOf(one, place))],
    rows,
  )
  return [['**People**', '', ...shown.map((line) => `- ${line}`), ...(more > 0 ? [`- ${more} more in the full report`] : [])].join('\n')]
}

/** Strangers' words are in the report alone: here they would be ours for whoever skims. */
function wordOf({ rating, body, trusted, ...one }: ReportFeedback, place: Place): string {
  const rated = rating === 'none' ? 'replied' : `said **${rating}**`
  const words = !trusted || body.trim() === '' ? '' : `: ${prose(body, 300)}`
  return `${byline(one, place)} ${rated}${trusted ? '' : ', without write access'}${words}`
}

const fileOf = ({ name, bytes, ...one }: ReportExpected, place: Place) =>
  `${byline(one, place)} expected ${codeSpan(name, 100)} (${plural(bytes, 'byte')})`

/** Only pages of this GitHub are linked. */
function byline({ author, url, at }: { readonly author: string; readonly url: string; readonly at: string }, { serverUrl }: Place): string {
  const day = /^\d{4}-\d\d-\d\d/.exec(at)?.[0] ?? ''
  const name = codeSpan(author, 60)
  return [url.startsWith(`${serverUrl}/`) ? link(name, url) : name, day].filter(Boolean).join(' ')
}

/** Samples with a run whose verdict people contradict. */
export const contradicted = (runs: readonly ReportRun[]): readonly string[] => [
  ...new Set(runs.filter(({ contradicts }) => contradicts).map(({ sample }) => sample)),
]

/** What people decided about samples, and where they say otherwise than the verdict. */
export function peopleLines({ runs, quarantined = [] }: ReportBatch, names: number): string[] {
  const against = contradicted(runs)
  return [
    ...(against.length > 0 ? [`⚠️ people say otherwise: ${namesOf(against, names)}`] : []),
    ...(quarantined.length > 0 ? [`🚧 in quarantine, shown and not counted: ${namesOf(quarantined, names)}`] : []),
  ]
}

export function peopleBlock(batch: ReportBatch, names: number): string | undefined {
  const lines = peopleLines(batch, names)
  return lines.length === 0 ? undefined : lines.map((line) => `- ${line}`).join('\n')
}
