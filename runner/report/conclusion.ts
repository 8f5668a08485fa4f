import { type Code, codes, explain } from '../domain/error.ts'
import type { Gate, Trust } from '../domain/plan.ts'
import type { Conclusion, ReportRun, Totals } from '../domain/report.ts'
import { percent, plural } from './wording.ts'

/** `scored` = the runs that count: head, last attempt. `missing` = how many runs have no result. */
type Facts = {
  readonly gate: Gate
  readonly totals: Totals
  readonly counted: readonly ReportRun[]
  readonly missing: number
  readonly running: boolean
  readonly superseded: boolean
}
type Ruling = { readonly conclusion: Conclusion; readonly reason: string }

/** The first rule that applies decides, and says so in one sentence. */
export function conclude(facts: Facts): Ruling {
  return actionRequired(facts) ?? superseded(facts) ?? running(facts) ?? gateNotMet(facts) ?? undecided(facts) ?? gateMet(facts)
}

/** Of a whole plan: the gravest of its batches. */
export function worst(conclusions: readonly Conclusion[]): Conclusion {
  return gravity.find((conclusion) => conclusions.includes(conclusion)) ?? 'neutral'
}
const gravity = ['action_required', 'cancelled', 'failure', 'neutral', 'success'] as const

function actionRequired({ counted }: Facts): Ruling | undefined {
  const stopped = counted.filter(({ code }) => code !== undefined && isCode(code) && explain(code).conclusion === 'action_required')
  const code = stopped[0]?.code
  if (code === undefined || !isCode(code)) return undefined
  const { who, what, next } = explain(code)
  return {
    conclusion: 'action_required',
    reason: `${capital(who)} must act: ${code} stopped ${plural(stopped.length, 'run')}. ${what} ${next}`,
  }
}

const superseded = (facts: Facts): Ruling | undefined =>
  facts.superseded ? { conclusion: 'cancelled', reason: 'A newer commit took its place.' } : undefined

/** Until all is in, a rate below the gate is no ruling: what comes may turn it. */
function running({ running, counted, missing }: Facts): Ruling | undefined {
  return running
    ? { conclusion: 'neutral', reason: `Still running: ${counted.length} of ${counted.length + missing} runs are done.` }
    : undefined
}

function gateNotMet(facts: Facts): Ruling | undefined {
  const reason = belowRate(facts) ?? regressed(facts) ?? tooExpensive(facts) ?? untrusted(facts)
  return reason === undefined ? undefined : { conclusion: 'failure', reason }
}

function belowRate({ gate, totals }: Facts): string | undefined {
  if (totals.pass_rate === null || totals.pass_rate >= gate.minPassRate) return undefined
  return `The pass rate is ${percent(totals.pass_rate)}, and the gate asks for ${percent(gate.minPassRate)}.${beside(totals)}`
}

function regressed({ gate, totals }: Facts): string | undefined {
  if (!gate.noRegressions || totals.regressions === 0) return undefined
  return `${plural(totals.regressions, 'sample')} that the base passes ${totals.regressions === 1 ? 'fails' : 'fail'} now, and the gate allows no regression.`
}

function tooExpensive({ gate, totals }: Facts): string | undefined {
  if (gate.maxCostUsd === undefined || totals.cost_usd <= gate.maxCostUsd) return undefined
  return `It cost $${totals.cost_usd.toFixed(2)}, and the gate allows $${gate.maxCostUsd.toFixed(2)}.`
}

/** A demanded level binds every required scorer that spoke, and a pass that rests on none of them was not earned at that level. */
function untrusted({ gate: { minTrust }, counted }: Facts): string | undefined {
  if (minTrust === undefined) return undefined
  const required = counted
    .filter(({ verdict }) => verdict !== 'unscored')
    .map(({ scores }) => scores.filter((score) => score.required && score.status !== 'N/A'))
  const below = required.flat().find(({ trust }) => levels.indexOf(trust) < levels.indexOf(minTrust))
  if (below) return `The gate demands ${minTrust}, and the required scorer "${below.name}" is ${below.trust}.`
  const bare = counted.find(
    ({ verdict, scores }) => verdict === 'pass' && !scores.some((score) => score.required && score.status !== 'N/A'),
  )
  return bare && `The gate demands ${minTrust}, and "${bare.sample}" passed without any required scorer.`
}
const levels: readonly Trust[] = ['unverified', 'in-process', 'black-box']

function undecided({ totals, missing }: Facts): Ruling | undefined {
  if (totals.pass_rate === null && totals.unscored > 0)
    return { conclusion: 'neutral', reason: `No run could be scored: infrastructure errors stopped ${plural(totals.unscored, 'run')}.` }
  if (missing > 0)
    return {
      conclusion: 'neutral',
      reason: `${plural(missing, 'run')} of ${missing + totals.runs} ${missing === 1 ? 'has' : 'have'} no result.`,
    }
  return totals.pass_rate === null ? { conclusion: 'neutral', reason: 'There was nothing to run.' } : undefined
}

const gateMet = ({ gate, totals }: Facts): Ruling => ({
  conclusion: 'success',
  reason: `The pass rate is ${percent(totals.pass_rate ?? 0)}; the gate asks for ${percent(gate.minPassRate)}.${beside(totals)}`,
})

const beside = ({ unscored }: Totals) =>
  unscored === 0 ? '' : ` ${plural(unscored, 'run')} could not be scored and ${unscored === 1 ? 'is' : 'are'} not in the rate.`
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
const isCode = (code: string): code is Code => Object.hasOwn(codes, code)
