import { describe, expect, test } from 'vitest'
import type { Plan, Run } from '../../../runner/domain/plan.ts'
import type { Result } from '../../../runner/domain/result.ts'
import { buildReport } from '../../../runner/report/build-report.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakePlan, type PlanShape } from '../../fakes/plans.ts'
import { fakeResult, type Story } from '../../fakes/results.ts'

const blobs = memoryBlobs()
const context = { version: '1.2.3', now: new Date('2026-11-21T08:20:00Z') }

/** A plan whose runs went as told, in order; what is not told has no result. */
async function told(stories: readonly Story[], shape: PlanShape = {}): Promise<{ plan: Plan; results: Result[]; runs: readonly Run[] }> {
  const plan = fakePlan({ samples: stories.length, ...shape })
  const runs = plan.batches.flatMap((batch) => batch.runs)
  const results = await Promise.all(stories.map((story, index) => fakeResult(at(runs, index), blobs, story)))
  return { plan, results, runs }
}
const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index]
  if (found === undefined) throw new Error(`nothing at ${index}`)
  return found
}
const again = (run: Run, attempt: number): Run => ({ ...run, id: `${run.id}~${attempt}`, attempt })

describe('totals', () => {
  test('leave infrastructure errors out of the rate and count them beside it', async () => {
    const { plan, results } = await told(['pass', 'pass', 'tests-fail', 'sandbox-lost', 'judge-broken'])
    const report = buildReport(plan, results, context)
    expect(report.totals).toMatchObject({ runs: 5, pass: 2, fail: 1, unscored: 2, pass_rate: 2 / 3 })
    expect(report.totals.interval?.[0]).toBeCloseTo(0.2076596, 6)
    expect(report.warnings).toEqual([
      expect.stringMatching(/^sandbox_lost stopped 1 attempt\. The sandbox vanished .* --resume/),
      expect.stringMatching(/^judge_failed stopped 1 attempt\. .* `proctor doctor`\.$/),
    ])
    expect(at(at(report.batches, 0).runs, 4)).toMatchObject({ verdict: 'unscored', code: 'judge_failed', ended: { as: 'completed' } })
  })

  test('count limits and agent errors as what they are: failed runs', async () => {
    const { plan, results } = await told(['time-limit', 'exception'])
    expect(buildReport(plan, results, context).totals).toMatchObject({ fail: 2, unscored: 0, pass_rate: 0 })
  })

  test('count only the last attempt of a run, list all of them, and pay for all of them', async () => {
    const { plan, results, runs } = await told(['sandbox-lost', 'pass'])
    results.push(await fakeResult(again(at(runs, 0), 3), blobs), await fakeResult(again(at(runs, 0), 2), blobs, 'sandbox-lost'))
    const report = buildReport(plan, results, context)
    expect(report.totals).toMatchObject({ runs: 2, pass: 2, unscored: 0 })
    expect(report.totals.cost_usd).toBeCloseTo(4 * (0.0312 + 0.0041), 10)
    expect(at(report.batches, 0).runs.map(({ attempt, verdict }) => `${attempt} ${verdict}`)).toEqual([
      '1 unscored',
      '2 unscored',
      '3 pass',
      '1 pass',
    ])
    expect(report.warnings).toContain('2 attempts repeated a run after an infrastructure error.')
  })

  test('pay a record once when a later attempt graded it again, and nothing for what another run has paid', async () => {
    const { plan, results, runs } = await told(['judge-broken'])
    const first = at(results, 0)
    const second = again(at(runs, 0), 2)
    results.push({ ...first, run: second, grade: { ...first.grade, run: second.id, verdict: 'pass' } })
    expect(buildReport(plan, results, context).totals.cost_usd).toBeCloseTo(0.0312 + 2 * 0.0041, 10)
    results.push({ ...first, run: again(at(runs, 0), 3) })
    expect(buildReport(plan, results, context).totals.cost_usd).toBeCloseTo(0.0312 + 2 * 0.0041, 10)
  })

  test('are empty, not zero, when nothing was scored', async () => {
    const { plan, results } = await told(['sandbox-lost'])
    expect(buildReport(plan, results, context).totals).toMatchObject({ pass_rate: null, interval: null })
  })
})

describe('state and missing', () => {
  test('name every run without a result, and say whether somebody is at it', async () => {
    const { plan, results, runs } = await told(['pass'], { samples: 3 })
    const missing = [at(runs, 1).id, at(runs, 2).id]
    expect(buildReport(plan, results, context)).toMatchObject({ state: 'incomplete', missing, revision: 1 })
    expect(buildReport(plan, results, { ...context, live: true })).toMatchObject({ state: 'running', missing, conclusion: 'neutral' })
  })

  test('the base side is due only where head failed', async () => {
    const { plan, results, runs } = await told([], { samples: 2, base: true })
    const head = runs.filter(({ side }) => side === 'head')
    results.push(await fakeResult(at(head, 0), blobs), await fakeResult(at(head, 1), blobs, 'tests-fail'))
    expect(buildReport(plan, results, context).missing).toEqual([
      runs.find(({ side, sample }) => side === 'base' && sample.id === at(head, 1).sample.id)?.id,
    ])
  })
})

describe('epochs', () => {
  test('pass@k and pass^k are means over samples, keyed 1..epochs', async () => {
    const { plan, results } = await told(['pass', 'pass', 'tests-fail', 'tests-fail', 'pass', 'tests-fail'], { samples: 2, epochs: 3 })
    const batch = at(buildReport(plan, results, context).batches, 0)
    expect(Object.keys(batch.pass_at)).toEqual(['1', '2', '3'])
    expect(batch.pass_at).toEqual({ 1: expect.closeTo((2 / 3 + 1 / 3) / 2), 2: expect.closeTo((1 + 2 / 3) / 2), 3: 1 })
    expect(batch.pass_hat).toEqual({ 1: expect.closeTo(0.5), 2: expect.closeTo((1 / 3 + 0) / 2), 3: 0 })
  })

  test('a sample counts for k only when k of its epochs were scored', async () => {
    const { plan, results } = await told(['pass', 'sandbox-lost', 'tests-fail', 'tests-fail'], { samples: 2, epochs: 2 })
    expect(at(buildReport(plan, results, context).batches, 0).pass_at).toEqual({ 1: 0.5, 2: 0 })
  })
})

test('regressions are samples that head fails and base passes, by the majority of their epochs', async () => {
  const { plan, runs } = await told([], { samples: 3, epochs: 3, base: true })
  const story = (run: Run): Story => {
    if (run.sample.id === at(runs, 0).sample.id) return run.side === 'head' && run.epoch > 1 ? 'tests-fail' : 'pass'
    if (run.sample.id === at(runs, 6).sample.id) return run.epoch === 1 ? 'tests-fail' : 'pass'
    return 'tests-fail'
  }
  const results = await Promise.all(runs.map((run) => fakeResult(run, blobs, story(run))))
  expect(buildReport(plan, results, context).totals).toMatchObject({ runs: 9, regressions: 1 })
})

test('of an agent that is the base`s own each result counts for both sides: nothing regressed, and nothing is missing', async () => {
  const { plan, results } = await told(['pass', 'tests-fail', 'tests-fail'], { samples: 3 })
  const own = {
    ...plan,
    batches: plan.batches.map((batch) => ({ ...batch, base: { commit: 'a1b2', samples: 'all' as const, same: true as const } })),
  }
  const report = buildReport(own, results, context)
  expect([report.state, report.totals.regressions]).toEqual(['complete', 0])
  expect(at(report.batches, 0).comparison).toEqual({
    base: 'a1b2',
    pairs: 3,
    regressed: [],
    fixed: [],
    unpaired: 0,
    p: 1,
    detectable: null,
  })
})

test('scorer totals: one line a scorer, N/A beside the rate, the lowest trust it had', async () => {
  const { plan, results } = await told(['pass', 'tests-fail', 'sandbox-lost'])
  const unsure = at(results, 0)
  results[0] = {
    ...unsure,
    grade: {
      ...unsure.grade,
      scores: unsure.grade.scores.map((score) => (score.name === 'scope' ? { ...score, trust: 'unverified' } : score)),
    },
  }
  const scorers = at(buildReport(plan, results, context).batches, 0).scorers
  expect(scorers.map(({ name, required, trust, pass, fail, na, pass_rate }) => [name, required, trust, pass, fail, na, pass_rate])).toEqual(
    [
      ['tests', true, 'in-process', 1, 1, 0, 0.5],
      ['scope', true, 'unverified', 2, 0, 0, 1],
      ['lint', false, 'unverified', 0, 0, 2, null],
    ],
  )
})

describe('conclusion: the first rule that applies', () => {
  type Row = {
    readonly name: string
    readonly stories: readonly Story[]
    readonly shape?: PlanShape
    readonly superseded?: boolean
    readonly is: string
    readonly because: RegExp
  }
  const rows: Row[] = [
    {
      name: 'gate met',
      stories: ['pass', 'pass', 'pass', 'pass', 'tests-fail'],
      is: 'success',
      because: /^The pass rate is 80%; the gate asks for 80%\.$/,
    },
    {
      name: 'one failed run under a met gate is no failure',
      stories: ['tests-fail', 'pass'],
      shape: { gate: { minPassRate: 0.5 } },
      is: 'success',
      because: /^The pass rate is 50%;/,
    },
    {
      name: 'below the gate',
      stories: ['pass', 'tests-fail'],
      is: 'failure',
      because: /^The pass rate is 50%, and the gate asks for 80%\.$/,
    },
    {
      name: 'a rate is never rounded up to the gate',
      stories: [...Array(1999).fill('pass'), 'tests-fail'],
      shape: { gate: { minPassRate: 1 } },
      is: 'failure',
      because: /is 99\.9%, and the gate asks for 100%/,
    },
    {
      name: 'unscored beside a met gate',
      stories: ['pass', 'sandbox-lost'],
      is: 'success',
      because: /1 run could not be scored and is not in the rate/,
    },
    {
      name: 'only infrastructure errors',
      stories: ['sandbox-lost', 'judge-broken'],
      is: 'neutral',
      because: /infrastructure errors stopped 2 runs/,
    },
    {
      name: 'an author must act, whatever else',
      stories: ['tests-fail', 'setup-failed'],
      is: 'action_required',
      because: /^The environment's author must act: environment_setup_failed stopped 1 run\./,
    },
    {
      name: 'an author must act, also when superseded',
      stories: ['setup-failed'],
      superseded: true,
      is: 'action_required',
      because: /must act/,
    },
    { name: 'superseded before the gate', stories: ['tests-fail'], superseded: true, is: 'cancelled', because: /newer commit/ },
    {
      name: 'missing under a met gate',
      stories: ['pass'],
      shape: { samples: 3 },
      is: 'neutral',
      because: /^2 runs of 3 have no result\.$/,
    },
    {
      name: 'below the gate, whatever is missing',
      stories: ['tests-fail'],
      shape: { samples: 3 },
      is: 'failure',
      because: /^The pass rate is 0%, and/,
    },
    { name: 'nothing to run', stories: [], shape: { samples: 0 }, is: 'neutral', because: /nothing to run/ },
    {
      name: 'too expensive',
      stories: ['pass', 'pass'],
      shape: { gate: { maxCostUsd: 0.05 } },
      is: 'failure',
      because: /^It cost \$0\.07, and the gate allows \$0\.05\.$/,
    },
    {
      name: 'a required scorer below the demanded trust',
      stories: ['pass'],
      shape: { gate: { minTrust: 'black-box' } },
      is: 'failure',
      because: /demands black-box, and the required scorer "tests" is in-process/,
    },
    {
      name: 'trust enough; what is not required does not matter',
      stories: ['pass'],
      shape: { gate: { minTrust: 'in-process' } },
      is: 'success',
      because: /^The pass rate is 100%;/,
    },
  ]
  test.each(rows)('$name', async ({ stories, shape = {}, superseded = false, is, because }) => {
    const { plan, results } = await told(stories, shape)
    const report = buildReport(plan, results, { ...context, superseded })
    expect(at(report.batches, 0)).toMatchObject({ conclusion: is, reason: expect.stringMatching(because) })
    expect(report.conclusion).toBe(is)
  })

  test('a regression fails the gate only when it forbids one', async () => {
    const { plan, runs } = await told([], { samples: 1, base: true, gate: { minPassRate: 0 } })
    const results = [await fakeResult(at(runs, 0), blobs, 'tests-fail'), await fakeResult(at(runs, 1), blobs)]
    expect(buildReport(plan, results, context).conclusion).toBe('success')
    const strict = { ...plan, batches: plan.batches.map((batch) => ({ ...batch, gate: { ...batch.gate, noRegressions: true } })) }
    expect(buildReport(strict, results, context)).toMatchObject({
      conclusion: 'failure',
      batches: [{ reason: '1 sample that the base passes fails now, and the gate allows no regression.' }],
    })
  })

  test('a pass that no required scorer backs is not trusted', async () => {
    const { plan, results } = await told(['pass'], { gate: { minTrust: 'unverified' } })
    const only = at(results, 0)
    const report = buildReport(plan, [{ ...only, grade: { ...only.grade, scores: [] } }], context)
    expect(at(report.batches, 0)).toMatchObject({ conclusion: 'failure', reason: expect.stringContaining('without any required scorer') })
  })

  test('a plan is as grave as its gravest batch', async () => {
    const { plan, results, runs } = await told(['pass', 'pass'], { samples: 2, evals: ['parser', 'writer'] })
    results.push(await fakeResult(at(runs, 2), blobs, 'tests-fail'), await fakeResult(at(runs, 3), blobs))
    const report = buildReport(plan, results, context)
    expect(report.batches.map(({ conclusion }) => conclusion)).toEqual(['success', 'failure'])
    expect(report).toMatchObject({ conclusion: 'failure', totals: { runs: 4, pass: 3, fail: 1 } })
  })
})

test('a report survives JSON unchanged', async () => {
  const { plan, results } = await told(['pass', 'tests-fail', 'sandbox-lost', 'exception', 'time-limit'])
  const report = buildReport(plan, results, context)
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
})
