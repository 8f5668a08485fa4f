import type { ReportBatch, ReportRun } from '../../../domain/report.ts'
import { codeSpan, prose } from '../../neutral.ts'
import { duration, money, plural } from '../../wording.ts'
import { lastAttempts } from '../ranking.ts'
import type { Place } from '../read.ts'
import { some } from './budget.ts'
import { commitLink } from './links.ts'

/** What it took, what was taken over, what was cut and what is missing, one line each. */
export function factsBlock(batch: ReportBatch, place: Place, most: number): string {
  return [costLine([batch]), trustLine(batch), ...reusedLines(batch, place, most), ...cutLines(batch), ...missingLine(batch, most)]
    .filter((line) => line !== '')
    .map((line) => `- ${line}`)
    .join('\n')
}

export function costLine(batches: readonly ReportBatch[]): string {
  const runs = batches.flatMap((batch) => batch.runs).filter(({ reused }) => !reused)
  const [cost, time] = [sum(batches.map(({ totals }) => totals.cost_usd)), sum(runs.map((run) => run.duration_ms))]
  return `Cost ${money(cost)}, run time ${duration(time)} in ${plural(runs.length, 'run')}`
}

const trustLine = ({ gate: { min_trust } }: ReportBatch) =>
  min_trust === undefined ? '' : `The gate demands scores that are ${codeSpan(min_trust, 20)}`

function reusedLines({ runs }: ReportBatch, place: Place, most: number): string[] {
  const byCommit = Map.groupBy(
    runs.flatMap(({ reused }) => reused ?? []),
    ({ commit }) => commit,
  )
  return [...byCommit]
    .slice(0, Math.max(1, most))
    .map(
      ([commit, all]) =>
        `${plural(all.length, 'result')} taken over from ${commitLink(commit, place)}: nothing that decides ${all.length === 1 ? 'it' : 'them'} changed since`,
    )
}

/** What readers, and the judge, did not get to see. */
function cutLines({ runs }: ReportBatch): string[] {
  const last = lastAttempts(runs)
  const count = (is: (run: ReportRun) => boolean) => last.filter(is).length
  const [diffs, judged] = [count(({ diff }) => diff?.cut === true), count(({ judge }) => (judge?.cut.length ?? 0) > 0)]
  return [
    ...(diffs > 0 ? [`Cut: ${plural(diffs, 'diff')}, too large to be shown whole (all of the work was graded)`] : []),
    ...(judged > 0 ? [`Cut: the judge saw only part of the evidence of ${plural(judged, 'run')}`] : []),
  ]
}

function missingLine({ missing = [] }: ReportBatch, most: number): string[] {
  if (missing.length === 0) return []
  const { shown, more } = some(missing, most)
  const names = shown.length === 0 ? '' : `: ${shown.map((id) => codeSpan(id, 100)).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  return [`${plural(missing.length, 'run')} without a result${names}`]
}

/** Notes of whoever shows it, then warnings, each once. */
export function notesBlock(notes: readonly string[], most: number): string | undefined {
  const { shown, more } = some([...new Set(notes)], most)
  if (shown.length === 0) return more > 0 ? `${plural(more, 'note')} in the full report.` : undefined
  return [
    '**Notes**',
    '',
    ...shown.map((note) => `- ${prose(note, 600)}`),
    ...(more > 0 ? [`- ${more} more in the full report`] : []),
  ].join('\n')
}

/** What single runs warn of, with how many of them do. */
export function runWarnings({ runs }: ReportBatch): string[] {
  const counted = Map.groupBy(
    lastAttempts(runs).flatMap(({ warnings }) => warnings),
    (warning) => warning,
  )
  return [...counted].map(([warning, all]) => (all.length === 1 ? warning : `${warning} (${plural(all.length, 'run')})`))
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
