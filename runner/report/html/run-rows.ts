import type { Report, ReportBatch, ReportRun } from '../../domain/report.ts'
import { clip } from '../plain.ts'
import { batchTitle, bySeverity, duration, hasEpochs, money, runTitle } from '../wording.ts'
import { bytesOf, type Html, html, join, nothing } from './markup.ts'
import { type ReadFile, runSheet } from './run-sheet.ts'
import { stepsOf } from './steps.ts'
import { statuses } from './verdict.ts'

/** Bytes for all opened runs together, so that a page of a thousand stays under 15 MB; and for one of them. */
const sheetsBudget = 5_000_000
const sheetBudget = 1_500_000

/** The table of runs, one `tbody` a run: its row, and below it its sheet. Runs that did not pass get four times the room of one that did. */
export async function* runTable(report: Report, read: ReadFile): AsyncGenerator<Html> {
  const several = report.batches.length > 1
  const all = report.batches.flatMap((batch, index) => batch.runs.map((run) => ({ run, batch, index })))
  const entries = bySeverity(all, ({ run }) => run)
  let [weight, budget] = [entries.reduce((sum, { run }) => sum + weightOf(run), 0), sheetsBudget]
  yield html`<table class="runs" id="runs"><thead><tr>${join(columns(several).map(columnHead))}</tr></thead>`
  for (const { run, batch, index } of entries) {
    const maxBytes = Math.min(sheetBudget, (budget * weightOf(run)) / weight)
    const sheet = await runSheet(run, { read, maxBytes })
    budget -= bytesOf(sheet)
    weight -= weightOf(run)
    yield html`<tbody id="run-${run.id}" data-verdict="${run.verdict}" data-batch="${index}">${row(run, batch, several)}<tr class="opened"><td colspan="${columns(several).length}"><details><summary>Scores, judge, diff and trajectory</summary>${sheet}</details></td></tr></tbody>\n`
  }
  yield html`</table>`
}

const weightOf = ({ verdict }: ReportRun) => (verdict === 'pass' ? 1 : 4)

type Column = { readonly name: string; readonly number?: boolean; readonly key: string }
const columns = (several: boolean): Column[] => [
  { name: 'Verdict', key: 'verdict' },
  { name: 'Run', key: 'run' },
  ...(several ? [{ name: 'Eval', key: 'eval' }] : []),
  { name: 'Scores', key: 'scores' },
  { name: 'Diff', key: 'diff', number: true },
  { name: 'Steps', key: 'steps', number: true },
  { name: 'Time', key: 'time', number: true },
  { name: 'Cost', key: 'cost', number: true },
]
const columnHead = ({ name, key, number }: Column) =>
  html`<th scope="col" class="${key}${number ? ' number' : ''}" data-sort="${number ? 'number' : 'text'}">${name}</th>`

function row(run: ReportRun, batch: ReportBatch, several: boolean): Html {
  const reason = run.verdict === 'pass' ? nothing : html`<div class="reason">${clip(run.reason, 300)}</div>`
  const name = html`<a class="name" href="#run-${run.id}">${clip(runTitle(run, hasEpochs(batch)), 200)}</a>`
  const diff = run.diff
  return html`<tr class="row"><td class="verdict ${run.verdict}" data-v="${order[run.verdict]}"><span>${run.verdict}</span></td><th scope="row" class="run">${name}${reason}</th>${several ? html`<td class="eval">${batchTitle(batch)}</td>` : nothing}<td class="scores" data-v="${passed(run)}">${chips(run)}</td><td class="diff number" data-v="${diff ? diff.added + diff.removed : -1}">${diff ? changed(diff) : nothing}</td><td class="steps number" data-v="${stepsOf(run)}">${stepsOf(run)}</td><td class="time number" data-v="${run.duration_ms}">${duration(run.duration_ms)}</td><td class="cost number" data-v="${run.usage.cost_usd}">${run.usage.by === 'none' ? nothing : money(run.usage.cost_usd)}</td></tr>`
}
const changed = ({ files, added, removed }: NonNullable<ReportRun['diff']>) =>
  files === 0 ? html`<span class="quiet">none</span>` : html`<b class="plus">+${added}</b> <b class="minus">&minus;${removed}</b>`
const order = { fail: 0, unscored: 1, pass: 2 } as const
const passed = ({ scores }: ReportRun) => scores.filter(({ status }) => status === 'PASS').length

function chips({ scores, judge }: ReportRun): Html {
  const chip = (name: string, status: keyof typeof statuses) =>
    html`<span class="chip ${statuses[status]}" title="${clip(name, 80)}: ${status}">${clip(name, 24)}</span> `
  return join([
    ...scores.slice(0, 8).map(({ name, status }) => chip(name, status)),
    ...(judge ? [chip('judge', judge.pass ? 'PASS' : 'FAIL')] : []),
  ])
}
