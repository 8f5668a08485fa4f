import type { Report, ReportBatch } from '../../domain/report.ts'
import { digest } from '../../lib/digest.ts'
import { codeSpan, prose } from '../neutral.ts'
import { batchTitle, plural } from '../wording.ts'
import { commentBytes, fitted, some } from './blocks/budget.ts'
import { namesOf } from './blocks/comparison.ts'
import { costLine, notesBlock } from './blocks/facts.ts'
import { commitLink, pagesLine } from './blocks/links.ts'
import { reproduceBlock } from './blocks/reproduce.ts'
import { contradicted, peopleLines } from './blocks/said.ts'
import { conclusionMarks, evalTable } from './blocks/tables.ts'
import { titleOfAll } from './blocks/title.ts'
import { type Shown, withMarker, withoutComments } from './marker.ts'
import { rankedRuns } from './ranking.ts'
import type { Place } from './read.ts'

/** `checkUrl` = the page of the aggregate check run; `bytes` = of the whole body. */
type Given = Pick<Shown, 'key' | 'order'> & { readonly checkUrl?: string | undefined; readonly bytes?: number }

/**
 * The sticky comment of a pull request: short, under a marker that says whose it is and a state that says how new. Equal digests of
 * two bodies = a reader would learn nothing new.
 */
export function commentBody(report: Report, place: Place, { key, order, checkUrl, bytes = commentBytes }: Given): string {
  const shown: Shown = { key, order, revision: report.revision, sha: place.sha, digest: digestOf(report, place) }
  const head = Buffer.byteLength(withMarker('', shown))
  const page = fitted(steps, { bytes: Math.max(0, bytes - head), blocks: (step) => blocks(report, place, { step, checkUrl }) })
  return withMarker(page, shown)
}

/** For the comment mode `changes`: a comment that is there is kept up to date; without one, only what somebody should look at makes one. */
export function worthTelling({ conclusion, state, totals, batches }: Report, previous: Shown | undefined): boolean {
  if (previous) return true
  if (state === 'running' || conclusion === 'cancelled') return false
  return (
    conclusion === 'failure' ||
    conclusion === 'action_required' ||
    state === 'incomplete' ||
    totals.fail > 0 ||
    totals.unscored > 0 ||
    totals.regressions > 0 ||
    batches.some(({ proposed, comparison, runs }) => proposed || (comparison?.fixed.length ?? 0) > 0 || contradicted(runs).length > 0)
  )
}

type Step = { readonly rows: number; readonly names: number; readonly notes: number; readonly commands: number }
const steps: readonly [Step, ...Step[]] = [
  { rows: 50, names: 20, notes: 10, commands: 3 },
  { rows: 20, names: 10, notes: 5, commands: 2 },
  { rows: 10, names: 5, notes: 2, commands: 1 },
  { rows: 3, names: 2, notes: 0, commands: 0 },
  { rows: 1, names: 0, notes: 0, commands: 0 },
]

function blocks(report: Report, place: Place, { step, checkUrl }: { step: Step; checkUrl?: string | undefined }): string[] {
  const { batches, state, conclusion, warnings } = report
  const reproduce = reproduceBlock(batches, step.commands)
  return [
    `### ${conclusionMarks[conclusion]} proctor: ${prose(titleOfAll(report, place), 200)}`,
    batches.length === 0 ? 'There was nothing to run.' : evalTable(batches, { state, rows: step.rows }),
    ...batches
      .filter(isTelling)
      .slice(0, step.rows)
      .map((batch) => changesOf(batch, step)),
    reproduce === undefined ? '' : ['<details><summary>Run it on your machine</summary>', reproduce, '</details>'].join('\n\n'),
    notesBlock([...place.notes, ...warnings], step.notes) ?? '',
    [pagesLine(place, checkUrl), commitLink(place.sha, place), costLine(batches)].join(' · '),
  ]
    .filter((block) => block !== '')
    .map(withoutComments)
}

const isTelling = (batch: ReportBatch) =>
  batch.conclusion !== 'success' ||
  Object.values(changedIn(batch)).some((samples) => samples.length > 0) ||
  peopleLines(batch, 1).length > 0

/** Samples that are not as on the base. */
const changedIn = ({ comparison }: ReportBatch) => ({
  regressed: comparison?.regressed ?? [],
  fixed: comparison?.fixed ?? [],
  accepted: comparison?.accepted ?? [],
})

/** What regressed, and why; what was fixed; what people say of it. */
function changesOf(batch: ReportBatch, { names }: Step): string {
  const { reason, proposed } = batch
  const { fixed, accepted } = changedIn(batch)
  const title = `**${codeSpan(batchTitle(batch), 100)}**${proposed ? ' (proposed: it decides nothing)' : ''}: ${prose(reason, 400)}`
  const regressed = rankedRuns(batch).filter(({ kind }) => kind === 'regressed')
  const { shown, more } = some([...new Map(regressed.map(({ run }) => [run.sample, run])).values()], names)
  return [
    `${title}\n`,
    ...shown.map((run) => `- regressed: ${codeSpan(run.sample, 80)} ${prose(run.reason, 200)}`),
    ...(more > 0 ? [`- ${plural(more, shown.length > 0 ? 'more regression' : 'regression')}`] : []),
    ...(fixed.length > 0 ? [`- fixed: ${namesOf(fixed, names)}`] : []),
    ...(accepted.length > 0 ? [`- accepted, though the base passes: ${namesOf(accepted, names)}`] : []),
    ...peopleLines(batch, names).map((line) => `- ${line}`),
  ].join('\n')
}

/** Of all that is shown but what differs from run to run though nothing changed: cost, time and addresses. */
function digestOf(report: Report, { reportUrl: _, ...place }: Place): string {
  const batches = report.batches.map((batch) => ({
    ...batch,
    totals: { ...batch.totals, cost_usd: 0 },
    runs: batch.runs.map((run) => ({ ...run, duration_ms: 0 })),
  }))
  const page = blocks({ ...report, batches }, { ...place, runUrl: '' }, { step: steps[0] })
  return digest(page).slice('sha256:'.length, 'sha256:'.length + 32)
}
