import { describe, expect, test } from 'vitest'
import { outcomeText } from '../../cli/outcome.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { fakeReport, hostile } from '../fakes/reports.ts'
import type { Story } from '../fakes/results.ts'

const asked = { out: 'out', warnings: true, runs: true, colour: false }
const told = async (stories: readonly Story[], shape: Parameters<typeof fakeReport>[1] = {}) =>
  outcomeText((await fakeReport(memoryBlobs(), { stories, ...shape })).report, asked)

describe('the text at the end', () => {
  test('all is well: one line a batch, the totals, the report', async () => {
    const text = await told(['pass', 'pass'], { edit: (result) => ({ ...result, record: { ...result.record, warnings: [] } }) })
    expect(text).toMatch(
      /^✓ fixer \/ parser: 2 of 2 pass; the gate asks for 80%\n\n2 runs: 2 pass, 0 fail; pass rate 100% \(95% interval .*\)(; cost \$\d+\.\d\d)?\nreport: out\/report\.html\n$/,
    )
  })

  test('what failed is named with what the scorer saw', async () => {
    const text = await told(['pass', 'tests-fail', 'exception'], {
      edit: ({ grade, ...rest }) => ({
        ...rest,
        grade: { ...grade, reason: grade.reason.startsWith('The required') ? 'tests failed' : grade.reason },
      }),
    })
    expect(text).toMatch(/^failed\n {2}fixer \/ parser \/ empty-field: tests failed: 22 of 24 \S.*$/m)
    expect(text).toMatch(/^ {2}fixer \/ parser \/ crlf-rows: The agent raised KeyError\.$/m)
    expect(text).toMatch(/^✗ fixer \/ parser: 1 of 3 pass; the gate asks for 80%$/m)
  })

  test('at most ten of them', async () => {
    const text = await told(Array.from({ length: 31 }, () => 'tests-fail' as const))
    expect(text.match(/^ {2}fixer/gm)).toHaveLength(10)
    expect(text).toMatch(/^ {2}and 21 more$/m)
  })

  test('what was not scored says why, who must act and what to do, once', async () => {
    const text = await told(['pass', 'judge-broken', 'sandbox-lost', 'judge-broken', 'setup-failed'])
    expect(text).toMatch(/^not scored: judge_failed\n(?: {2}fixer.*\n){2} {2}-> whoever runs proctor: Check the model, .*$/m)
    expect(text).toMatch(/^not scored: sandbox_lost\n {2}fixer.*\n {2}-> whoever runs proctor: Run again with --resume/m)
    expect(text).toMatch(/^! fixer \/ parser: 1 of 1 pass, 4 not scored; somebody must act$/m)
    expect(text.match(/Check the model/g)).toHaveLength(1)
    expect(text).toMatch(/^5 runs: 1 pass, 0 fail, 4 not scored; pass rate 100%/m)
  })

  test('nothing scored is no rate', async () => {
    const text = await told(['sandbox-lost', 'sandbox-lost'])
    expect(text).toMatch(/^- fixer \/ parser: 2 runs not scored; No run could be scored/m)
    expect(text).not.toMatch(/pass rate/)
  })

  test('of many batches only those that need a look', async () => {
    const evals = Array.from({ length: 60 }, (_, index) => `eval-${index}`)
    const text = await told(['pass', 'pass', 'pass', 'tests-fail', 'pass', 'pass', 'pass'], { evals, samples: 1 })
    expect(text.match(/^✗ fixer/gm)).toHaveLength(9)
    expect(text).toMatch(/^✓ 51 more: gate met$/m)
  })

  test('what has no result says how to go on', async () => {
    const { plan, results } = await fakeReport(memoryBlobs(), { stories: ['pass', 'pass', 'pass'] })
    const { buildReport } = await import('../../runner/report/build-report.ts')
    const report = buildReport(plan, results.slice(1), { version: '1', now: new Date() })
    expect(outcomeText(report, asked)).toMatch(/^1 of 3 runs has no result\. Go on with: proctor run --resume out$/m)
  })

  test('a warning of many runs is said once, and hostile text stays text', async () => {
    const text = await told(['tests-fail', 'tests-fail', 'sandbox-lost'], { edit: hostile })
    expect(text.match(/^warning: .*$/gm)).toEqual([expect.stringMatching(/HOSTILE.*\(3 runs\)$/)])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e]/)
  })

  test('colour changes nothing but colour', async () => {
    const { report } = await fakeReport(memoryBlobs())
    const { stripVTControlCharacters } = await import('node:util')
    const coloured = outcomeText(report, { ...asked, colour: true })
    expect(coloured).not.toBe(outcomeText(report, asked))
    expect(stripVTControlCharacters(coloured)).toBe(outcomeText(report, asked))
  })
})
