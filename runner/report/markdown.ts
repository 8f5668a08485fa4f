import type { Report, ReportBatch, ReportRun } from '../domain/report.ts'
import { cellSpan, codeSpan, fence, htmlCode } from './neutral.ts'
import {
  batchTitle,
  bySeverity,
  conclusionWords,
  duration,
  hasEpochs,
  intervalLine,
  money,
  passLine,
  percent,
  plural,
  runTitle,
} from './wording.ts'

/**
 * summary.md: the report for a page that renders Markdown, in at most `maxBytes` of UTF-8 (a job summary holds 1 MiB, a check run
 * 65,535 bytes, a comment 65,536 characters). What does not fit goes in steps, and the last line says what went.
 */
export function summaryMarkdown(report: Report, maxBytes = 1_000_000): string {
  for (const step of steps) {
    const text = page(report, step)
    if (Buffer.byteLength(text) <= maxBytes) return text
  }
  return cutToBytes(page(report, least), maxBytes)
}

/** `passing`: also rows of runs that pass; `rows` in each table; `details` = how many runs are shown with `evidence` characters of each proof. */
type Step = {
  readonly passing: boolean
  readonly rows: number
  readonly evidence: number
  readonly details: number
  readonly scorers: boolean
  readonly batches: number
}
const all = Number.POSITIVE_INFINITY
const full: Step = { passing: true, rows: all, evidence: 4000, details: all, scorers: true, batches: all }
const steps: readonly Step[] = [
  full,
  { ...full, evidence: 800, details: 50 },
  { ...full, passing: false, evidence: 800, details: 30 },
  { ...full, passing: false, rows: 200, evidence: 300, details: 10 },
  { ...full, passing: false, rows: 50, details: 3, evidence: 300 },
  { ...full, passing: false, rows: 10, details: 0 },
  { ...full, passing: false, rows: 0, details: 0 },
  { ...full, passing: false, rows: 0, details: 0, scorers: false },
]
const least: Step = { passing: false, rows: 0, evidence: 0, details: 0, scorers: false, batches: 20 }

function page(report: Report, step: Step): string {
  const shown = report.batches.slice(0, step.batches)
  const notice = noticeOf(report, step)
  return `${[...head(report), ...shown.map((batch) => batchText(batch, step)), ...(notice ? [`<sub>${notice}</sub>`] : [])].join('\n\n')}\n`
}

function head({ totals, state, conclusion, missing, warnings, batches }: Report): string[] {
  const title = state === 'running' ? 'Still running' : conclusionWords[conclusion]
  const facts = [
    passLine(totals),
    intervalLine(totals),
    totals.unscored ? `${totals.unscored} unscored` : '',
    totals.regressions ? plural(totals.regressions, 'regression') : '',
    totals.cost_usd > 0 ? money(totals.cost_usd) : '',
    duration(batches.flatMap((batch) => batch.runs).reduce((sum, run) => sum + run.duration_ms, 0)),
  ]
  const notes = [...(missing.length > 0 ? [`${plural(missing.length, 'run')} without a result.`] : []), ...warnings].slice(0, 20)
  return [
    `## ${title}: ${passLine(totals)}`,
    facts.slice(1).filter(Boolean).join(' · '),
    ...(notes.length > 0 ? [notes.map((note) => `- ${codeSpan(note, 400)}`).join('\n')] : []),
  ]
}

function batchText(batch: ReportBatch, step: Step): string {
  const failing = bySeverity(batch.runs, (run) => run).filter(({ verdict }) => verdict !== 'pass')
  const runs = (step.passing ? bySeverity(batch.runs, (run) => run) : failing).slice(0, step.rows)
  const epochs = hasEpochs(batch)
  return [
    `### ${codeSpan(batchTitle(batch))}: ${conclusionWords[batch.conclusion]}`,
    codeSpan(batch.reason, 400),
    ...(step.scorers && batch.scorers.length > 0 ? [scorerTable(batch)] : []),
    ...(runs.length > 0 ? [runTable(runs, epochs)] : []),
    ...failing.slice(0, step.details).map((run) => runDetails(run, { epochs, evidence: step.evidence })),
  ].join('\n\n')
}

function scorerTable({ scorers }: ReportBatch): string {
  const rows = scorers.map(
    ({ name, required, trust, pass, fail, na, pass_rate }) =>
      `| ${cellSpan(name)} | ${pass} | ${fail} | ${na} | ${pass_rate === null ? '–' : percent(pass_rate)} | ${trust} | ${required ? 'yes' : 'no'} |`,
  )
  return ['| Scorer | Pass | Fail | N/A | Rate | Trust | Required |', '| --- | ---: | ---: | ---: | ---: | --- | --- |', ...rows].join('\n')
}

function runTable(runs: readonly ReportRun[], epochs: boolean): string {
  const rows = runs.map(
    (run) =>
      `| ${run.verdict} | ${cellSpan(runTitle(run, epochs))} | ${run.verdict === 'pass' ? '' : cellSpan(run.reason, 120)} | ${duration(run.duration_ms)} | ${run.usage.by === 'none' ? '' : money(run.usage.cost_usd)} |`,
  )
  return ['| Verdict | Run | Why | Time | Cost |', '| --- | --- | --- | ---: | ---: |', ...rows].join('\n')
}

function runDetails(run: ReportRun, { epochs, evidence }: { epochs: boolean; evidence: number }): string {
  const failed = run.scores.filter(({ status }) => status === 'FAIL')
  const judge = run.judge && !run.judge.pass ? [`Judge ${codeSpan(run.judge.model)}: FAIL`, fence(run.judge.reasoning, evidence)] : []
  const scores = failed.flatMap(({ name, evidence: text, required }) => [
    `Scorer ${codeSpan(name)}: FAIL${required ? '' : ' (not required)'}`,
    fence(text, evidence),
  ])
  const body = [...scores, ...judge, ...(run.ended.message ? [fence(run.ended.message, evidence)] : [])]
  return [
    `<details><summary>${run.verdict}: ${htmlCode(runTitle(run, epochs))}</summary>`,
    codeSpan(run.reason, 400),
    ...body,
    '</details>',
  ].join('\n\n')
}

function noticeOf({ batches }: Report, step: Step): string {
  const over = (list: readonly unknown[], limit: number) => Math.max(0, list.length - limit)
  const failing = batches.map((batch) => batch.runs.filter(({ verdict }) => verdict !== 'pass'))
  const sum = (limit: number) => failing.reduce((total, list) => total + over(list, limit), 0)
  const [rows, details] = [sum(step.rows), sum(step.details)]
  const left = [
    ...(step.passing ? [] : ['runs that pass']),
    ...(rows > 0 ? [`${plural(rows, 'run')} that did not`] : []),
    ...(details > rows ? [`the evidence of ${plural(details, 'run')}`] : []),
    ...(step.scorers ? [] : ['the table of scorers']),
    ...(batches.length > step.batches ? [plural(batches.length - step.batches, 'eval')] : []),
  ]
  return left.length === 0 ? '' : `Left out to fit this page: ${left.join(', ')}. All of it is in report.html.`
}

/** The last resort, at a line end, so that no fence or tag stays open: this step has none. */
function cutToBytes(text: string, maxBytes: number): string {
  const cut = Buffer.from(text).subarray(0, maxBytes).toString()
  return cut.slice(0, cut.lastIndexOf('\n') + 1)
}
