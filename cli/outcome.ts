import { styleText } from 'node:util'
import { type Code, codes, explain } from '../runner/domain/error.ts'
import type { Conclusion, Report, ReportBatch, ReportRun } from '../runner/domain/report.ts'
import { oneLine } from '../runner/report/plain.ts'
import { batchTitle, hasEpochs, intervalLine, money, passLine, percent, plural, runTitle } from '../runner/report/wording.ts'
import type { Style } from './columns.ts'

/** `warnings`: of planning and of runs too. `runs`: which of them failed, and what stopped those without a score. */
export type Asked = { readonly out: string; readonly warnings: boolean; readonly runs: boolean; readonly colour: boolean }

/** What a reader needs to act without opening the report. The same lines in a terminal and in CI; only colour differs. */
export function outcomeText(report: Report, { out, warnings, runs, colour }: Asked): string {
  const final = report.batches.map((batch) => ({ batch, runs: finalRuns(batch) }))
  const stopped = final.flatMap(({ batch, runs }) => runs.filter(({ verdict }) => verdict === 'unscored').map((run) => ({ batch, run })))
  const failed = final.flatMap(({ batch, runs }) => runs.filter(({ verdict }) => verdict === 'fail').map((run) => ({ batch, run })))
  const style: Painter = (text, style) => (colour ? styleText(style, text, { validateStream: false }) : text)
  const blocks = [
    warnings ? warningLines(report, stopped, style) : [],
    runs && failed.length > 0 ? [style('failed', 'bold'), ...listed(failed, ({ run }) => whyFailed(run))] : [],
    runs ? stoppedLines(stopped, style) : [],
    batchLines(report.batches, style),
    [totalLine(report), ...missingLine(report, out), `report: ${out}/report.html`],
  ]
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n')
}

type Found = { readonly batch: ReportBatch; readonly run: ReportRun }
type Painter = (text: string, style: Style) => string

/** Of a run that was tried more than once, the last attempt counts; the base side is only there to compare with. */
function finalRuns({ runs }: ReportBatch): ReportRun[] {
  const last = new Map<string, ReportRun>()
  for (const run of runs) {
    const id = run.id.replace(/~\d+$/, '')
    if (run.side === 'head' && run.attempt >= (last.get(id)?.attempt ?? 0)) last.set(id, run)
  }
  return [...last.values()]
}

const most = 10

function listed(found: readonly Found[], why: (found: Found) => string): string[] {
  const lines = found.slice(0, most).map((one) => `  ${oneLine(`${nameOf(one)}: ${why(one)}`, 300)}`)
  return found.length > most ? [...lines, `  and ${found.length - most} more`] : lines
}
const nameOf = ({ batch, run }: Found) => `${batchTitle(batch)} / ${runTitle({ ...run, attempt: 1 }, hasEpochs(batch))}`

/** The verdict's sentence names the scorer; what that one saw is what a reader acts on. */
function whyFailed({ reason, scores }: ReportRun): string {
  const failing = scores.find(({ required, status }) => required && status === 'FAIL')
  const evidence = failing && reason.startsWith(failing.name) ? oneLine(failing.evidence, 160) : ''
  return evidence === '' ? reason : `${reason}: ${evidence}`
}

/** By code: what is to be done is said once, however many runs it stopped. */
function stoppedLines(stopped: readonly Found[], style: Painter): string[] {
  const byCode = Map.groupBy(stopped, ({ run }) => run.code ?? 'internal_error')
  return [...byCode].flatMap(([code, found]) => [
    `${style('not scored', 'bold')}: ${code}`,
    ...listed(found, ({ run }) => run.reason.replace(`${code}: `, '') + (run.attempt > 1 ? ` (attempt ${run.attempt})` : '')),
    ...(isCode(code) ? [`  -> ${explain(code).who}: ${explain(code).next}`] : []),
  ])
}

/** A code that has lines of its own above needs no warning. */
function warningLines({ warnings, batches }: Report, stopped: readonly Found[], style: Painter): string[] {
  const told = new Set(stopped.map(({ run }) => run.code))
  const own = warnings.filter((text) => !told.has(text.split(' ')[0] ?? ''))
  const ofRuns = Map.groupBy(
    batches.flatMap(({ runs }) => runs.flatMap(({ warnings }) => [...new Set(warnings)])),
    (text) => text,
  )
  const all = [...own, ...[...ofRuns].map(([text, { length }]) => (length === 1 ? text : `${text} (${plural(length, 'run')})`))]
  const lines = all.slice(0, most).map((text) => `${style('warning:', 'yellow')} ${oneLine(text, 400)}`)
  return all.length > most ? [...lines, `and ${all.length - most} more warnings in the report`] : lines
}

/** Each one while they fit a screen; of many only those that somebody has to look at. */
function batchLines(batches: readonly ReportBatch[], style: Painter): string[] {
  const shown = batches.length <= 2 * most ? batches : batches.filter(isForSomebody).slice(0, 2 * most)
  const lines = shown.map((batch) => `${style(mark[batch.conclusion], colours[batch.conclusion])} ${batchLine(batch)}`)
  const rest = Map.groupBy(
    batches.filter((batch) => !shown.includes(batch)),
    ({ conclusion }) => conclusion,
  )
  const more = [...rest].map(
    ([conclusion, { length }]) => `${style(mark[conclusion], colours[conclusion])} ${length} more: ${verdicts[conclusion]}`,
  )
  return [...lines, ...more]
}
const isForSomebody = ({ conclusion }: ReportBatch) => conclusion === 'failure' || conclusion === 'action_required'
const mark: Record<Conclusion, string> = { success: '✓', failure: '✗', neutral: '-', cancelled: '-', action_required: '!' }
const colours: Record<Conclusion, Style> = {
  success: 'green',
  failure: 'red',
  neutral: 'yellow',
  cancelled: 'yellow',
  action_required: 'yellow',
}
const verdicts: Record<Conclusion, string> = {
  success: 'gate met',
  failure: 'gate not met',
  neutral: 'no ruling',
  cancelled: 'cancelled',
  action_required: 'somebody must act',
}

/** What must be done is under `not scored` already. */
function batchLine(batch: ReportBatch): string {
  const { totals, conclusion, gate, reason } = batch
  const beside = totals.unscored > 0 ? `, ${totals.unscored} not scored` : ''
  const counts =
    totals.pass_rate === null && totals.unscored > 0 ? `${plural(totals.unscored, 'run')} not scored` : `${passLine(totals)}${beside}`
  const isRate = totals.pass_rate !== null && reason.startsWith('The pass rate')
  const why = isRate ? `the gate asks for ${percent(gate.min_pass_rate)}` : conclusion === 'action_required' ? verdicts[conclusion] : reason
  return oneLine(`${batchTitle(batch)}: ${counts}; ${why}`, 400)
}

function totalLine({ totals }: Report): string {
  const { runs, pass, fail, unscored, pass_rate, regressions, cost_usd } = totals
  const counts = [`${pass} pass`, `${fail} fail`, ...(unscored > 0 ? [`${unscored} not scored`] : [])].join(', ')
  const rate = pass_rate === null ? '' : `; pass rate ${percent(pass_rate)} (${intervalLine(totals)})`
  const worse = regressions > 0 ? `; ${plural(regressions, 'regression')}` : ''
  const cost = cost_usd > 0 ? `; cost ${money(cost_usd)}` : ''
  return `${plural(runs, 'run')}: ${counts}${rate}${worse}${cost}`
}

function missingLine({ missing, totals }: Report, out: string): string[] {
  if (missing.length === 0) return []
  const all = missing.length + totals.runs
  return [
    `${missing.length} of ${plural(all, 'run')} ${missing.length === 1 ? 'has' : 'have'} no result. Go on with: proctor run --resume ${out}`,
  ]
}

const isCode = (code: string): code is Code => Object.hasOwn(codes, code)
