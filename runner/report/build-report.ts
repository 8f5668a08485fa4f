import { type Code, codes } from '../domain/error.ts'
import type { Batch, Plan } from '../domain/plan.ts'
import type { Report, ReportBatch, ReportRun, ScorerTotals, Totals } from '../domain/report.ts'
import type { Result } from '../domain/result.ts'
import { compare } from './compare.ts'
import { conclude, worst } from './conclusion.ts'
import { type People, type Voices, voicesOn } from './people.ts'
import { reportRun } from './report-run.ts'
import { mean, passAtK, passHatK, wilson } from './statistics.ts'
import { plural } from './wording.ts'

/** `live`: the plan is being executed this moment. `superseded`: a newer commit took its place. `people`: what they said of its samples. */
export type ReportContext = {
  readonly version: string
  readonly now: Date
  readonly live?: boolean
  readonly superseded?: boolean
  readonly people?: People
}

/**
 * What is known of a plan so far. Totals count the head side and, of a run that was retried, its last attempt; earlier attempts
 * and the base side are listed in `runs`, and their cost is in `cost_usd`.
 */
export function buildReport(
  plan: Plan,
  results: readonly Result[],
  { version, now, live = false, superseded = false, people }: ReportContext,
): Report {
  const attempts = Map.groupBy(results, ({ run }) => firstAttempt(run.id))
  const missing = plan.batches.flatMap((batch) => missingRuns(batch, attempts))
  const state = missing.length === 0 ? 'complete' : live ? 'running' : 'incomplete'
  const batches = plan.batches.map((batch) =>
    reportBatch({ batch, attempts, running: state === 'running', superseded, voices: voicesOn(batch, people) }),
  )
  const deciding = batches.filter(({ proposed }) => !proposed)
  const totals = sum(deciding.map((batch) => batch.totals))
  return {
    schema: 'proctor/report@1',
    plan: plan.id,
    revision: results.length,
    state,
    conclusion: worst(deciding.map(({ conclusion }) => conclusion)),
    missing,
    totals,
    batches,
    trigger: triggerOf(plan),
    generated_at: now.toISOString(),
    proctor: version,
    warnings: [...plan.warnings, ...ownWarnings(batches)],
  }
}

function triggerOf({ trigger: { kind, repo, head, base, ref, pull } }: Plan): Report['trigger'] {
  return {
    kind,
    repo,
    sha: head.sha,
    ...(base && { base: base.sha }),
    ...(ref !== undefined && { ref }),
    ...(pull !== undefined && { pull }),
  }
}

type Attempts = ReadonlyMap<string, readonly Result[]>
const firstAttempt = (id: string) => id.replace(/~\d+$/, '')

function reportBatch({
  batch,
  attempts,
  running,
  superseded,
  voices,
}: {
  batch: Batch
  attempts: Attempts
  running: boolean
  superseded: boolean
  voices: Voices
}): ReportBatch {
  const results = batch.runs.map((run) => (attempts.get(firstAttempt(run.id)) ?? []).toSorted((a, b) => a.run.attempt - b.run.attempt))
  const runs = results.flat().map(reportRun).map(voices.about)
  const counts = ({ sample }: Pick<ReportRun, 'sample'>) => !voices.quarantined.has(sample)
  const last = new Set(results.flatMap((tries) => tries.at(-1)?.run.id ?? []))
  const final = runs.filter((run) => last.has(run.id) && counts(run))
  const counted = final.filter(({ side }) => side === 'head')
  const comparison = compare(final, batch.base, voices.accepted)
  const totals = totalsOf({ counted, regressions: comparison?.regressed.length ?? 0, cost_usd: cost(results.flat()) })
  const { gate } = batch
  const missing = missingRuns(batch, attempts)
  const owed = new Set(batch.runs.filter((run) => counts({ sample: run.sample.id })).map(({ id }) => id))
  const quarantined = [...new Set(batch.runs.map(({ sample }) => sample.id))].filter((sample) => voices.quarantined.has(sample))
  return {
    eval: batch.eval,
    agent: batch.agent,
    commit: batch.commit,
    ...conclude({
      ...{ gate, totals, counted, superseded },
      missing: missing.filter((id) => owed.has(id)).length,
      running: running && missing.length > 0,
    }),
    ...(batch.description !== undefined && { description: batch.description }),
    gate: {
      min_pass_rate: gate.minPassRate,
      no_regressions: gate.noRegressions,
      ...(gate.maxCostUsd !== undefined && { max_cost_usd: gate.maxCostUsd }),
      ...(gate.minTrust !== undefined && { min_trust: gate.minTrust }),
    },
    totals,
    ...(missing.length > 0 && { missing }),
    ...(batch.proposed && { proposed: true }),
    ...(quarantined.length > 0 && { quarantined }),
    ...(comparison && { comparison }),
    ...epochs(counted),
    scorers: scorerTotals(counted),
    runs,
  }
}

/** Without a result. The base side of a sample is due when its head side failed, unless all of it is. */
function missingRuns({ runs, base }: Batch, attempts: Attempts): string[] {
  const failed = new Set(
    runs.filter((run) => run.side === 'head' && lastVerdict(attempts, run.id) === 'fail').map(({ sample }) => sample.id),
  )
  return runs
    .filter((run) => !attempts.has(firstAttempt(run.id)) && (run.side === 'head' || base?.samples === 'all' || failed.has(run.sample.id)))
    .map(({ id }) => id)
}
const lastVerdict = (attempts: Attempts, id: string) =>
  attempts.get(firstAttempt(id))?.reduce((a, b) => (b.run.attempt > a.run.attempt ? b : a)).grade.verdict

function totalsOf({ counted, regressions, cost_usd }: { counted: readonly ReportRun[]; regressions: number; cost_usd: number }): Totals {
  const of = (verdict: ReportRun['verdict']) => counted.filter((run) => run.verdict === verdict).length
  const [pass, fail, unscored] = [of('pass'), of('fail'), of('unscored')]
  return { runs: counted.length, pass, fail, unscored, ...rate(pass, fail), regressions, cost_usd }
}

function sum(parts: readonly Totals[]): Totals {
  const of = (pick: (totals: Totals) => number) => parts.reduce((total, part) => total + pick(part), 0)
  const [pass, fail] = [of((part) => part.pass), of((part) => part.fail)]
  return {
    runs: of((part) => part.runs),
    pass,
    fail,
    unscored: of((part) => part.unscored),
    ...rate(pass, fail),
    regressions: of((part) => part.regressions),
    cost_usd: of((part) => part.cost_usd),
  }
}

const rate = (pass: number, fail: number) => ({
  pass_rate: pass + fail === 0 ? null : pass / (pass + fail),
  interval: wilson(pass, pass + fail),
})

/** Agent and judge, every attempt. What was taken over from another run was paid there. */
function cost(results: readonly Result[]): number {
  const paid = ({ run, record, grade, reused }: Result) =>
    reused ? 0 : (record.run === run.id ? record.usage.costUsd : 0) + (grade.run === run.id ? grade.usage.costUsd : 0)
  return results.reduce((total, result) => total + paid(result), 0)
}

function epochs(counted: readonly ReportRun[]): Pick<ReportBatch, 'pass_at' | 'pass_hat'> {
  const bySample = Map.groupBy(
    counted.filter(({ verdict }) => verdict !== 'unscored'),
    ({ sample }) => sample,
  )
  const tallies = [...bySample.values()].map((runs) => ({
    passed: runs.filter(({ verdict }) => verdict === 'pass').length,
    tried: runs.length,
  }))
  const most = Math.max(0, ...tallies.map(({ tried }) => tried))
  const per = (estimate: typeof passAtK) =>
    Object.fromEntries(
      Array.from({ length: most }, (_, index) => index + 1).map((k) => {
        const enough = tallies.filter(({ tried }) => tried >= k)
        return [String(k), mean(enough.map(({ passed, tried }) => estimate(passed, tried, k)))]
      }),
    )
  return { pass_at: per(passAtK), pass_hat: per(passHatK) }
}

/** Over scored runs; the trust of a scorer is the lowest that it had. */
function scorerTotals(counted: readonly ReportRun[]): ScorerTotals[] {
  const scores = counted.filter(({ verdict }) => verdict !== 'unscored').flatMap((run) => run.scores)
  return [...Map.groupBy(scores, ({ name }) => name)].map(([name, all]) => {
    const of = (status: string) => all.filter((score) => score.status === status).length
    const [pass, fail, na] = [of('PASS'), of('FAIL'), of('N/A')]
    const trust = (['unverified', 'in-process', 'black-box'] as const).find((level) => all.some((score) => score.trust === level))
    return {
      name,
      type: all[0]?.type ?? '',
      required: all.some(({ required }) => required),
      trust: trust ?? 'unverified',
      pass,
      fail,
      na,
      ...rate(pass, fail),
    }
  })
}

function ownWarnings(batches: readonly ReportBatch[]): string[] {
  const runs = batches.flatMap((batch) => batch.runs)
  const byCode = Map.groupBy(runs, ({ code = '' }) => code)
  const errors = [...byCode].flatMap(([code, all]) => warningOf(code, all.length))
  const repeats = runs.filter(({ attempt }) => attempt > 1).length
  return repeats === 0 ? errors : [...errors, `${plural(repeats, 'attempt')} repeated a run after an infrastructure error.`]
}

/** None for what an author must correct: that is the batch's reason already. */
function warningOf(code: string, attempts: number): string[] {
  if (!isCode(code)) return code === '' ? [] : [`${code} stopped ${plural(attempts, 'attempt')}.`]
  const { conclusion, what, next } = codes[code]
  return conclusion === 'action_required' ? [] : [`${code} stopped ${plural(attempts, 'attempt')}. ${what} ${next}`]
}
const isCode = (code: string): code is Code => Object.hasOwn(codes, code)
