import type { Conclusion, Report, ReportBatch, ScorerTotals } from '../../../domain/report.ts'
import { cellSpan, codeSpan, prose } from '../../neutral.ts'
import { batchTitle, money, percent } from '../../wording.ts'
import { lastAttempts, type Ranked } from '../ranking.ts'
import { some } from './budget.ts'

export const conclusionMarks: Record<Conclusion, string> = {
  success: '✅',
  failure: '❌',
  neutral: '➖',
  cancelled: '⏹️',
  action_required: '⚠️',
}
export const kindMarks: Record<Ranked['kind'], string> = {
  regressed: '❌',
  fail: '❌',
  unscored: '⚪',
  quarantined: '🚧',
  fixed: '✅',
  pass: '✅',
}
export const statusMarks = { PASS: '✅', FAIL: '❌', 'N/A': '➖' } as const

export const markOf = (batch: ReportBatch, state: Report['state']): string =>
  state === 'running' && (batch.missing?.length ?? 0) > 0 ? '⏳' : conclusionMarks[batch.conclusion]

/** One row an eval: what counts, how sure it is, and what changed. Those that matter come first, so that a cut one keeps them. */
export function evalTable(batches: readonly ReportBatch[], { state, rows }: { state: Report['state']; rows: number }): string {
  const { shown, more } = some(byGravity(batches), rows)
  return table(
    ['', 'Eval', ':Pass', ':Fail', ':Unscored', ':Rate', ':95% interval', 'Against base', ':Cost'],
    [
      ...shown.map((batch) => {
        const { pass, fail, unscored, pass_rate, interval, cost_usd } = batch.totals
        return [
          markOf(batch, state),
          `${cellSpan(batchTitle(batch), 100)}${batch.proposed ? ' (proposed)' : ''}`,
          pass,
          fail,
          unscored,
          pass_rate === null ? '–' : percent(pass_rate),
          interval ? `${percent(interval[0])} to ${percent(interval[1])}` : '–',
          changesOf(batch),
          cost_usd > 0 ? money(cost_usd) : '–',
        ]
      }),
      ...(more > 0 ? [['', `… ${more} more`, '', '', '', '', '', '', '']] : []),
    ],
  )
}
export const byGravity = (batches: readonly ReportBatch[]) => batches.toSorted((a, b) => gravity(a) - gravity(b))
const gravity = ({ conclusion, totals, proposed }: ReportBatch) =>
  (proposed ? 10 : 0) +
  (totals.regressions > 0 ? 0 : ['action_required', 'failure', 'cancelled', 'neutral', 'success'].indexOf(conclusion) + 1)

function changesOf({ comparison }: ReportBatch): string {
  if (!comparison) return '–'
  const { regressed, fixed } = comparison
  const words = [...(regressed.length > 0 ? [`${regressed.length} regressed`] : []), ...(fixed.length > 0 ? [`${fixed.length} fixed`] : [])]
  return words.join(', ') || 'no change'
}

/** A badge a scorer, and one for the judge. Pictures of an artifact cannot be shown, so they are text. */
export function badgesLine(batch: ReportBatch, most = 20): string {
  const { shown, more } = some([...batch.scorers.map(scorerBadge), ...judgeBadge(batch)], most)
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(' · ')
}
const scorerBadge = ({ name, pass, fail, required }: ScorerTotals) =>
  pass + fail === 0
    ? `➖ ${codeSpan(name, 40)} N/A`
    : `${fail === 0 ? '✅' : required ? '❌' : '⚠️'} ${codeSpan(name, 40)} ${pass}/${pass + fail}`

function judgeBadge({ runs, quarantined = [] }: ReportBatch): string[] {
  const judged = lastAttempts(runs).flatMap(({ side, verdict, judge, sample }) =>
    side === 'head' && verdict !== 'unscored' && judge && !quarantined.includes(sample) ? [judge] : [],
  )
  const passed = judged.filter(({ pass }) => pass).length
  return judged.length === 0 ? [] : [`${passed === judged.length ? '✅' : '❌'} judge ${passed}/${judged.length}`]
}

/** With the trust level that every score of it has at least. */
export function scorerTable({ scorers }: ReportBatch, rows: number): string {
  const { shown, more } = some(scorers, rows)
  return table(
    ['Scorer', ':Pass', ':Fail', ':N/A', ':Rate', 'Trust', 'Required'],
    [
      ...shown.map(({ name, pass, fail, na, pass_rate, trust, required }) => [
        cellSpan(name),
        pass,
        fail,
        na,
        pass_rate === null ? '–' : percent(pass_rate),
        prose(trust, 20),
        required ? 'yes' : 'no',
      ]),
      ...(more > 0 ? [[`… ${more} more`, '', '', '', '', '', '']] : []),
    ],
  )
}

/** Pass rate by eval, as bars that every page can show. */
export function rateChart(batches: readonly ReportBatch[], rows: number): string {
  const { shown, more } = some(byGravity(batches), rows)
  return table(
    ['Eval', 'Pass rate', ':', ':Gate'],
    [
      ...shown.map((batch) => [
        cellSpan(batchTitle(batch), 60),
        bar(batch.totals.pass_rate),
        batch.totals.pass_rate === null ? '–' : percent(batch.totals.pass_rate),
        percent(batch.gate.min_pass_rate),
      ]),
      ...(more > 0 ? [[`… ${more} more`, '', '', '']] : []),
    ],
  )
}
const bar = (share: number | null) => {
  const full = Math.floor((share ?? 0) * barLength + 1e-9)
  return `\`${'█'.repeat(full)}${'░'.repeat(barLength - full)}\``
}
const barLength = 20

/** A title that begins with a colon is a column of figures. */
export function table(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  return [
    line(titles.map((title) => title.replace(/^:/, ''))),
    line(titles.map((title) => (title.startsWith(':') ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n')
}
