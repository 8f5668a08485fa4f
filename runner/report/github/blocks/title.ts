import { type Code, codes, explain } from '../../../domain/error.ts'
import type { Report, ReportBatch, Totals } from '../../../domain/report.ts'
import { oneLine } from '../../plain.ts'
import { percent, plural } from '../../wording.ts'
import type { Place } from '../read.ts'

/** The one thing to know about a batch, as plain text: "18/20 pass, 2 regressions against main". */
export function titleOf(batch: ReportBatch, { state }: Pick<Report, 'state'>, place: Place): string {
  const missing = batch.missing?.length ?? 0
  const label = batch.proposed ? 'Proposed: ' : ''
  if (state === 'running' && missing > 0) return `${label}${progress(batch.totals, missing)}`
  if (batch.conclusion === 'cancelled') return 'Cancelled: a newer commit took its place'
  const parts = [
    ...stopped([batch]),
    result(batch.totals, missing),
    ...changes(batch.totals, [batch], place),
    ...unscored(batch.totals),
    ...gate(batch),
  ]
  return `${label}${parts.join(', ')}`
}

/** The same about all that decides. */
export function titleOfAll(report: Report, place: Place): string {
  const { totals, missing, state, conclusion, batches } = report
  const deciding = batches.filter(({ proposed }) => !proposed)
  const [only] = deciding
  if (deciding.length === 1 && only) return titleOf(only, report, place)
  const owed = deciding.flatMap((batch) => batch.missing ?? []).length || (batches.length === 0 ? missing.length : 0)
  if (state === 'running' && owed > 0) return progress(totals, owed)
  if (conclusion === 'cancelled') return 'Cancelled: a newer commit took its place'
  const unmet = deciding.filter((batch) => batch.conclusion === 'failure').length
  const parts = [
    ...stopped(deciding),
    `${result(totals, owed)}${deciding.length > 1 && totals.runs > 0 ? ` in ${plural(deciding.length, 'eval')}` : ''}`,
    ...changes(totals, deciding, place),
    ...unscored(totals),
    ...(unmet > 0 && totals.regressions === 0 ? [`${plural(unmet, 'gate')} not met`] : []),
  ]
  return parts.join(', ')
}

const progress = ({ runs, fail }: Totals, missing: number) =>
  `${runs} of ${runs + missing} done${fail > 0 ? `, ${fail} failed so far` : ''}`

function result({ pass, fail, unscored }: Totals, missing: number): string {
  const owed = missing > 0 ? `, ${plural(missing, 'run')} missing` : ''
  if (pass + fail > 0) return `${pass}/${pass + fail} pass${owed}`
  return missing > 0 ? `Incomplete${owed}` : unscored > 0 ? 'Nothing scored' : 'Nothing to run'
}

function changes({ regressions }: Totals, batches: readonly ReportBatch[], { baseRef }: Place): string[] {
  const fixed = batches.flatMap(({ comparison }) => comparison?.fixed ?? []).length
  const parts = [...(regressions > 0 ? [plural(regressions, 'regression')] : []), ...(fixed > 0 ? [`${fixed} fixed`] : [])]
  return parts.length === 0 ? [] : [`${parts.join(', ')} against ${baseRef === undefined ? 'the base' : oneLine(baseRef, 60)}`]
}

const unscored = ({ pass, fail, unscored: count }: Totals) =>
  count > 0 ? [pass + fail === 0 ? plural(count, 'run') : `${count} unscored`] : []

/** What of the gate is not met, unless the regressions say it. */
function gate({ conclusion, gate: { min_pass_rate, no_regressions, max_cost_usd }, totals }: ReportBatch): string[] {
  if (conclusion !== 'failure' || (no_regressions && totals.regressions > 0)) return []
  if (totals.pass_rate !== null && totals.pass_rate < min_pass_rate) return [`the gate asks for ${percent(min_pass_rate)}`]
  return [max_cost_usd !== undefined && totals.cost_usd > max_cost_usd ? 'over its cost limit' : 'gate not met']
}

/** The code that an author or admin has to see to. */
function stopped(batches: readonly ReportBatch[]): string[] {
  const batch = batches.find(({ conclusion }) => conclusion === 'action_required')
  if (!batch) return []
  const code = batch.runs.flatMap((run) => run.code ?? []).find((found) => isCode(found) && explain(found).conclusion === 'action_required')
  return [`Somebody must act${code === undefined ? '' : ` (${code})`}`]
}
const isCode = (code: string): code is Code => Object.hasOwn(codes, code)
