import type { Report, ReportBatch, ScorerTotals, Totals } from '../../domain/report.ts'
import { clip } from '../plain.ts'
import { batchTitle, conclusionWords, duration, intervalLine, money, passLine, percent, plural, stateWords } from '../wording.ts'
import { type Html, html, join, nothing } from './markup.ts'

/** The one thing to know, then the figures around it. */
export function lead(report: Report): Html {
  const { totals, state, conclusion, batches } = report
  const only = batches.length === 1 ? batches[0] : undefined
  const ruling =
    state === 'running'
      ? html`<p class="ruling neutral">${stateWords.running}</p>`
      : html`<p class="ruling ${conclusion}">${conclusionWords[conclusion]}</p>`
  const time = batches.flatMap(({ runs }) => runs).reduce((sum, run) => sum + run.duration_ms, 0)
  const figures: [string, string][] = [
    ['95% interval', totals.interval ? `${percent(totals.interval[0])} to ${percent(totals.interval[1])}` : 'none'],
    ['Unscored', String(totals.unscored)],
    ...(totals.regressions > 0 || batches.some(({ gate }) => gate.no_regressions)
      ? [['Regressions', String(totals.regressions)] satisfies [string, string]]
      : []),
    ['Cost', money(totals.cost_usd)],
    ['Run time', duration(time)],
    [
      'State',
      state === 'complete'
        ? 'complete'
        : `${state}, ${plural(report.missing.length, 'run')} ${state === 'running' ? 'to go' : 'without a result'}`,
    ],
  ]
  return html`<section class="lead">${ruling}<h1>${passLine(totals)}</h1>${only ? html`<p class="reason">${only.reason}</p>` : nothing}${intervalFigure(totals, only?.gate.min_pass_rate)}<dl class="figures">${join(figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`))}</dl></section>`
}

/** Every eval on one line, when there are several. */
export function overview(batches: readonly ReportBatch[]): Html {
  if (batches.length < 2) return nothing
  const rows = batches.map(
    ({ totals, conclusion, ...batch }, index) =>
      html`<tr><th scope="row"><a href="#batch-${index}">${batchTitle(batch)}</a></th><td><span class="ruling ${conclusion}">${conclusionWords[conclusion]}</span></td><td>${passLine(totals)}</td><td class="quiet">${totals.interval ? `${percent(totals.interval[0])} to ${percent(totals.interval[1])}` : ''}</td><td class="number">${totals.unscored}</td><td class="number">${money(totals.cost_usd)}</td></tr>`,
  )
  return html`<section class="batch"><div class="wide"><table class="scorers"><thead><tr><th scope="col">Eval</th><th scope="col">Ruling</th><th scope="col">Result</th><th scope="col">95% interval</th><th scope="col" class="number">Unscored</th><th scope="col" class="number">Cost</th></tr></thead><tbody>${join(rows)}</tbody></table></div></section>`
}

export function notices({ warnings, missing, state }: Report): Html {
  const items = [
    ...(state === 'running' ? ['Runs are still going on. Load this page again to see more.'] : []),
    ...(state === 'incomplete' ? [`${plural(missing.length, 'run')} without a result: ${clip(missing.join(', '), 300)}`] : []),
    ...warnings.slice(0, 30),
    ...(warnings.length > 30 ? [`and ${warnings.length - 30} more, in report.json`] : []),
  ]
  return items.length === 0
    ? nothing
    : html`<section class="notices" aria-label="Warnings"><ul>${join(items.map((item) => html`<li>${clip(item, 600)}</li>`))}</ul></section>`
}

export function batchSection(batch: ReportBatch, index: number, several: boolean): Html {
  const { totals, conclusion, reason, description } = batch
  const head = several
    ? html`<p class="ruling ${conclusion}">${conclusionWords[conclusion]}</p><p class="reason">${passLine(totals)}${totals.interval ? html` <small>${intervalLine(totals)}</small>` : nothing}</p><p class="reason">${reason}</p>${intervalFigure(totals, batch.gate.min_pass_rate)}`
    : nothing
  return html`<section class="batch" id="batch-${index}"><h2>${batchTitle(batch)} <small>${clip(batch.commit, 12)}</small></h2>${description ? html`<p class="quiet">${description}</p>` : nothing}${head}${strip(batch)}${scorerTable(batch.scorers)}${epochTable(batch)}</section>`
}

/** Rate, interval and gate on one axis from 0 to 100%. */
function intervalFigure({ pass_rate, interval }: Totals, gate: number | undefined): Html {
  if (pass_rate === null || !interval) return nothing
  const x = (share: number) => `${(share * 100).toFixed(2)}%`
  const [low, high] = interval
  const label = `${percent(pass_rate)} pass, 95% interval ${percent(low)} to ${percent(high)}${gate === undefined ? '' : `, gate ${percent(gate)}`}`
  const mark = gate === undefined ? nothing : html`<line class="gate" x1="${x(gate)}" x2="${x(gate)}" y1="3" y2="25"/>`
  return html`<svg class="interval" role="img" aria-label="${label}" width="100%" height="42"><line class="axis" x1="0" x2="100%" y1="14" y2="14"/><line class="range" x1="${x(low)}" x2="${x(high)}" y1="14" y2="14"/>${mark}<circle cx="${x(pass_rate)}" cy="14" r="5"/>${axisLabels(gate)}</svg>`
}

/** The gate's label takes the place of an end's when they would meet. */
function axisLabels(gate: number | undefined): Html {
  const label = (share: number, text: string, name: string) =>
    html`<text class="${name}" x="${(share * 100).toFixed(2)}%" y="38" text-anchor="${share < 0.12 ? 'start' : share > 0.88 ? 'end' : 'middle'}">${text}</text>`
  return join([
    ...(gate !== undefined && gate < 0.2 ? [] : [label(0, '0', 'end')]),
    ...(gate !== undefined && gate > 0.75 ? [] : [label(1, '100%', 'end')]),
    ...(gate === undefined ? [] : [label(gate, `gate ${percent(gate)}`, 'gate')]),
  ])
}

/** Every run a square, in the order of the plan. */
function strip({ runs }: ReportBatch): Html {
  const shown = runs.filter(({ side }) => side === 'head')
  if (shown.length < 2 || shown.length > 1200) return nothing
  const of = (verdict: string) => shown.filter((run) => run.verdict === verdict).length
  const label = `${of('pass')} pass, ${of('fail')} fail, ${of('unscored')} unscored, in the order of the plan`
  return html`<div class="strip${shown.length > 240 ? ' dense' : ''}" role="img" aria-label="${label}">${join(shown.map(({ id, verdict, sample }) => html`<i class="${verdict}" title="${clip(sample, 60)}: ${verdict}" data-run="${id}"></i>`))}</div>`
}

function scorerTable(scorers: readonly ScorerTotals[]): Html {
  if (scorers.length === 0) return nothing
  const rows = scorers.map(
    ({ name, type, required, trust, pass, fail, na, pass_rate, interval }) =>
      html`<tr><th scope="row">${clip(name, 80)}</th><td>${type}</td><td>${trust}</td><td>${required ? 'required' : 'not required'}</td><td class="number">${pass}</td><td class="number">${fail}</td><td class="number">${na}</td><td class="number">${pass_rate === null ? '–' : percent(pass_rate)}</td><td class="number quiet">${interval ? `${percent(interval[0])} to ${percent(interval[1])}` : ''}</td></tr>`,
  )
  return html`<div class="wide"><table class="scorers"><thead><tr><th scope="col">Scorer</th><th scope="col">Type</th><th scope="col">Trust</th><th scope="col">For the verdict</th><th scope="col" class="number">Pass</th><th scope="col" class="number">Fail</th><th scope="col" class="number">N/A</th><th scope="col" class="number">Rate</th><th scope="col" class="number">95% interval</th></tr></thead><tbody>${join(rows)}</tbody></table></div>`
}

function epochTable({ pass_at, pass_hat }: ReportBatch): Html {
  const all = Object.keys(pass_at)
  if (all.length < 2) return nothing
  const shown = all.length <= 10 ? all : all.filter((k) => [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, all.length].includes(Number(k)))
  const cells = (shares: Readonly<Record<string, number>>) =>
    join(shown.map((k) => html`<td class="number">${percent(shares[k] ?? 0)}</td>`))
  return html`<div class="wide"><table class="epochs"><thead><tr><th scope="col">Over epochs, k =</th>${join(shown.map((k) => html`<th scope="col" class="number">${k}</th>`))}</tr></thead><tbody><tr><th scope="row">pass@k <small>at least one passes</small></th>${cells(pass_at)}</tr><tr><th scope="row">pass^k <small>all pass</small></th>${cells(pass_hat)}</tr></tbody></table></div>`
}
