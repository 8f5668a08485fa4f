import { describe, expect, test } from 'vitest'
import type { Report, ReportBatch } from '../../../../runner/domain/report.ts'
import { buildReport } from '../../../../runner/report/build-report.ts'
import { aggregateOutput, checkOutput } from '../../../../runner/report/github/check-output.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakePlan } from '../../../fakes/plans.ts'
import { fakeReport } from '../../../fakes/reports.ts'
import { fakeResult, type Story } from '../../../fakes/results.ts'
import { place } from './hostile-report.ts'

type Shape = NonNullable<Parameters<typeof fakeReport>[1]>
const titleOf = async (report: Report, at = place) => {
  const [batch] = report.batches
  return batch ? (await checkOutput(batch, report, at, async () => undefined)).title : ''
}
const pairs = (...stories: Story[]): Shape => ({ stories, base: true, samples: stories.length / 2 })
const made = async (shape: Shape) => (await fakeReport(memoryBlobs(), { gate: { minPassRate: 0.5 }, ...shape })).report

describe('the one thing to know', () => {
  test.each<[string, Shape]>([
    ['2/2 pass', { stories: ['pass', 'pass'] }],
    ['1/2 pass, 1 regression against main', pairs('tests-fail', 'pass', 'pass', 'pass')],
    ['1/3 pass, 2 regressions against main, the gate asks for 50%', pairs('tests-fail', 'pass', 'tests-fail', 'pass', 'pass', 'pass')],
    ['2/2 pass, 1 fixed against main', pairs('pass', 'tests-fail', 'pass', 'pass')],
    ['1/2 pass, 1 regression, 1 fixed against main', pairs('pass', 'tests-fail', 'tests-fail', 'pass')],
    ['1/1 pass, 1 unscored', { stories: ['pass', 'sandbox-lost'] }],
    ['Nothing scored, 2 runs', { stories: ['sandbox-lost', 'judge-broken'] }],
    ['Nothing to run', { samples: 0, stories: [] }],
    ['1/3 pass, the gate asks for 50%', { stories: ['pass', 'tests-fail', 'tests-fail'] }],
    ['2/2 pass, over its cost limit', { stories: ['pass', 'pass'], gate: { maxCostUsd: 0.01 } }],
    ['2/2 pass, gate not met', { stories: ['pass', 'pass'], gate: { minTrust: 'black-box' } }],
    ['Somebody must act (environment_setup_failed), 1/1 pass, 1 unscored', { stories: ['pass', 'setup-failed'] }],
    ['Cancelled: a newer commit took its place', { stories: ['pass'], context: { superseded: true } }],
  ])('%s', async (title, shape) => {
    expect(await titleOf(await made(shape))).toBe(title)
  })

  const partly = async (stories: readonly Story[], live: boolean, samples = 20): Promise<Report> => {
    const plan = fakePlan({ samples })
    const blobs = memoryBlobs()
    const runs = plan.batches.flatMap((batch) => batch.runs).slice(0, stories.length)
    const results = await Promise.all(runs.map((run, index) => fakeResult(run, blobs, stories[index])))
    return buildReport(plan, results, { version: '0.1.0', now: new Date(0), live })
  }

  test('while it runs: how far it is', async () => {
    expect(await titleOf(await partly(Array(7).fill('pass'), true))).toBe('7 of 20 done')
    expect(await titleOf(await partly(['pass', 'tests-fail'], true))).toBe('2 of 20 done, 1 failed so far')
    expect(aggregateOutput(await partly(['pass'], true), place).title).toBe('1 of 20 done')
  })

  test('incomplete: how many are missing, and which', async () => {
    const report = await partly(Array(18).fill('pass'), false)
    expect(await titleOf(report)).toBe('18/18 pass, 2 runs missing')
    const [batch] = report.batches
    const { summary } = await checkOutput(batch as ReportBatch, report, place, async () => undefined)
    expect(summary).toMatch(/- 2 runs without a result: `fixer-parser-[\w-]+-e1`, `fixer-parser-[\w-]+-e1`/)
    expect(await titleOf(await partly([], false, 3))).toBe('Incomplete, 3 runs missing')
  })

  test('a proposed eval says so, and the whole leaves it out', async () => {
    const report = await made({ stories: ['pass', 'tests-fail'], evals: ['parser', 'writer'] })
    const proposed = {
      ...report,
      batches: report.batches.map((batch, index) => (index === 0 ? { ...batch, proposed: true as const } : batch)),
    }
    expect(await titleOf(proposed)).toBe('Proposed: 1/2 pass')
    expect(aggregateOutput(proposed, place).title).toBe('1/2 pass')
    expect(aggregateOutput(proposed, place).summary).toContain('`fixer / parser` (proposed)')
  })

  test('of several evals', async () => {
    const report = await made({ stories: ['pass', 'tests-fail', 'tests-fail'], evals: ['parser', 'writer'] })
    expect(aggregateOutput(report, place).title).toBe('2/6 pass in 2 evals, 2 gates not met')
    const nothing = await made({ samples: 0, stories: [] })
    expect(aggregateOutput({ ...nothing, batches: [] }, place)).toMatchObject({
      title: 'Nothing to run',
      summary: expect.stringContaining('There was nothing to run.'),
    })
  })

  test('a branch has any name', async () => {
    const report = await made(pairs('tests-fail', 'pass', 'pass', 'pass'))
    const title = await titleOf(report, { ...place, baseRef: `\u202ex\n${'long'.repeat(100)}` })
    expect(title).toMatch(/^1\/2 pass, 1 regression against \\u\{202e\}x long.{40,60}…$/)
    const { baseRef: _, ...without } = place
    expect(await titleOf(report, without)).toBe('1/2 pass, 1 regression against the base')
  })
})

describe('the summary of a check run', () => {
  const summaryOf = async (shape: Shape, edit: (batch: ReportBatch) => ReportBatch = (batch) => batch) => {
    const report = await made(shape)
    const [batch] = report.batches
    return (await checkOutput(edit(batch as ReportBatch), report, place, async () => undefined)).summary
  }

  test('what chance explains, and what could have been seen', async () => {
    const twelve = Array.from({ length: 6 }, (): Story[] => ['tests-fail', 'pass']).flat()
    const summary = await summaryOf(pairs(...twelve))
    expect(summary).toContain('**Against `main`**: 6 regressed, 0 fixed, of 6 samples with a result on both sides.')
    expect(summary).toContain('- Exact McNemar test, two-sided: p = 0.031')
    expect(summary).toContain('- Smallest detectable effect: 6 samples that all change in one direction, of 6 (at 5%)')
    expect(await summaryOf(pairs('tests-fail', 'pass'))).toContain('- Too few samples to tell any change from chance at 5%')
  })

  test('unpaired samples make p the least that it can be', async () => {
    const summary = await summaryOf(pairs('tests-fail', 'pass', 'pass', 'sandbox-lost'))
    expect(summary).toContain('- Unpaired: 1 sample without a result of the base, so p is the least that it can be')
  })

  test('what was taken over, from where, and that it was not paid again', async () => {
    const commit = 'a'.repeat(40)
    const summary = await summaryOf({ stories: ['pass', 'pass'] }, (batch) => ({
      ...batch,
      runs: batch.runs.map((run, index) => (index === 0 ? { ...run, reused: { plan: 'sha256:x', commit } } : run)),
    }))
    expect(summary).toContain(
      `- 1 result taken over from [\`aaaaaaa\`](https://github.example/acme/orders/commit/${commit}): nothing that decides it changed since`,
    )
    expect(summary).toMatch(/run time .* in 1 run\b/)
  })

  test('badges, trust, what was cut, and what to know', async () => {
    const summary = await summaryOf({ stories: ['pass', 'tests-fail', 'judge-fails'] }, (batch) => ({
      ...batch,
      gate: { ...batch.gate, min_trust: 'in-process' },
      runs: batch.runs.map((run) => ({ ...run, diff: run.diff && { ...run.diff, cut: true }, warnings: ['The tree held a secret.'] })),
    }))
    expect(summary).toContain('❌ `tests` 2/3 · ✅ `scope` 3/3 · ⚠️ `lint` 0/1 · ❌ judge 2/3')
    expect(summary).toContain('| `tests` | 2 | 1 | 0 | 66.6% | in-process | yes |')
    expect(summary).toContain('- The gate demands scores that are `in-process`')
    expect(summary).toContain('- Cut: 3 diffs, too large to be shown whole (all of the work was graded)')
    expect(summary).toContain('- Cut: the judge saw only part of the evidence of 1 run')
    expect(summary).toContain('- The tree held a secret. (3 runs)')
    expect(summary).toContain('- The base of this pull request is older than its baseline.')
  })
})
