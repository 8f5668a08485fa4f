import type { Report, ReportBatch } from '../../domain/report.ts'
import { codeSpan, prose } from '../neutral.ts'
import { batchTitle, plural } from '../wording.ts'
import { fitted, jobSummaryBytes, openRoom } from './blocks/budget.ts'
import { costLine, notesBlock } from './blocks/facts.ts'
import { commitLink, pagesLine } from './blocks/links.ts'
import { runsText } from './blocks/runs.ts'
import { byGravity, conclusionMarks, evalTable, markOf, rateChart } from './blocks/tables.ts'
import { titleOfAll } from './blocks/title.ts'
import { batchSummary } from './check-output.ts'
import { rankedRuns } from './ranking.ts'
import type { Place } from './read.ts'

/** The page of the workflow run: all evals at a glance, then one after the other, those that matter first. */
export function jobSummary(report: Report, place: Place, bytes = jobSummaryBytes): string {
  const batches = byGravity(report.batches)
  const room = openRoom(Math.max(0, bytes - noticeBytes))
  const head = fitted(steps, { bytes: Math.floor(room.left / 3), blocks: (step) => overview(report, place, step) }).trimEnd()
  if (head !== '') room.add(head)
  let at = 0
  for (const batch of batches) {
    const share = Math.floor(room.left / (batches.length - at))
    if (share < leastShare || !room.add(section(batch, report, { place, bytes: share }))) break
    at++
  }
  const left = batches.length - at
  return `${room.page()}${left > 0 && bytes > noticeBytes ? `\n<sub>Left out to fit this page: ${plural(left, 'eval')}. All of it is in the full report.</sub>\n` : ''}`
}
const noticeBytes = 160
const leastShare = 2500

const steps = [
  { rows: 200, notes: 40 },
  { rows: 20, notes: 10 },
  { rows: 1, notes: 0 },
] as const

function overview(report: Report, place: Place, { rows, notes }: (typeof steps)[number]): string[] {
  const { batches, state, conclusion, warnings } = report
  return [
    `## ${conclusionMarks[conclusion]} proctor: ${prose(titleOfAll(report, place), 200)}`,
    batches.length === 0 ? 'There was nothing to run.' : evalTable(batches, { state, rows }),
    batches.some(({ totals }) => totals.pass_rate !== null) && rows > 1 ? rateChart(batches, rows) : '',
    notesBlock([...place.notes, ...warnings], notes) ?? '',
    [commitLink(place.sha, place), pagesLine(place), ...(batches.length === 0 ? [] : [costLine(batches)])].join(' · '),
  ].filter((block) => block !== '')
}

function section(batch: ReportBatch, report: Report, { place, bytes }: { place: Place; bytes: number }): string {
  const title = `### ${markOf(batch, report.state)} ${codeSpan(batchTitle(batch), 100)}`
  const summary = batchSummary(batch, report, place, { bytes: Math.floor(bytes / 3), beside: true }).trimEnd()
  const rest = bytes - Buffer.byteLength(title) - Buffer.byteLength(summary) - 6
  const runs = runsText(batch, rankedRuns(batch), { place, bytes: rest, diffs: new Map(), details: mostDetails }).trimEnd()
  return [title, summary, runs].filter((part) => part !== '').join('\n\n')
}
const mostDetails = 200
