import { beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../../../runner/domain/report.ts'
import { commentBody, worthTelling } from '../../../../runner/report/github/comment.ts'
import { isNewer, markerOf, parseMarker, type Shown } from '../../../../runner/report/github/marker.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakeReport } from '../../../fakes/reports.ts'
import type { Story } from '../../../fakes/results.ts'
import { place } from './hostile-report.ts'
import { small } from './told.ts'

let report: Report
beforeAll(async () => {
  report = (await small()).report
})
const key = 'proctor'
const digestOf = (of: Report, where = place, order: Shown['order'] = [7, 1]) => parseMarker(commentBody(of, where, { key, order }))?.digest

describe('the state that a comment keeps', () => {
  test('is on its first two lines, and is read back', () => {
    const body = commentBody(report, place, { key, order: [7, 3] })
    expect(body.split('\n')[0]).toBe('<!-- proctor:v1 key=proctor -->')
    const state = { key, order: [7, 3], revision: report.revision, sha: place.sha }
    expect(parseMarker(body)).toEqual({ ...state, digest: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect(parseMarker(body.replaceAll('\n', '\r\n'))).toMatchObject(state)
  })

  test.each([
    ['an empty body', ''],
    ['words before the marker', 'x\n<!-- proctor:v1 key=proctor -->\n<!-- proctor:state run=1 attempt=1 revision=1 sha=a digest=b -->'],
    [
      'words before the marker on its line',
      'x <!-- proctor:v1 key=proctor -->\n<!-- proctor:state run=1 attempt=1 revision=1 sha=a digest=b -->',
    ],
    ['a marker without a state', '<!-- proctor:v1 key=proctor -->\n\n### proctor'],
    ['a quoted marker', '> <!-- proctor:v1 key=proctor -->\n> <!-- proctor:state run=1 attempt=1 revision=1 sha=a digest=b -->'],
    ['a state with more in it', '<!-- proctor:v1 key=proctor -->\n<!-- proctor:state run=1 attempt=1 revision=1 sha=a digest=b x=1 -->'],
    ['a run that is no number', '<!-- proctor:v1 key=proctor -->\n<!-- proctor:state run=1e9 attempt=1 revision=1 sha=a digest=b -->'],
    ['another version', '<!-- proctor:v2 key=proctor -->\n<!-- proctor:state run=1 attempt=1 revision=1 sha=a digest=b -->'],
    ['a broken key', '<!-- proctor:v1 key=%E0%A4 -->\n<!-- proctor:state run=1 attempt=1 revision=1 sha=a digest=b -->'],
  ])('%s has none', (_, body) => {
    expect(parseMarker(body)).toBeUndefined()
  })

  test('tells two proctors of one pull request apart', () => {
    for (const name of ['proctor', 'proctor / nightly', 'a--b', '--> x', 'ключ', "!'()*~-_."]) {
      expect(parseMarker(commentBody(report, place, { key: name, order: [1, 1] }))?.key).toBe(name)
      expect(markerOf(name)).toMatch(/^<!-- proctor:v1 key=[\w.%]+ -->$/)
    }
  })
})

describe('the digest', () => {
  test('stays while nothing changed but cost, time, addresses, attempt and revision', () => {
    const [batch] = report.batches
    if (!batch) throw new Error('a batch')
    const runs = batch.runs.map((run) => ({ ...run, duration_ms: run.duration_ms * 2 }))
    const again = { ...report, revision: 99, batches: [{ ...batch, runs, totals: { ...batch.totals, cost_usd: 42 } }] }
    expect(
      digestOf(again, { ...place, runUrl: 'https://github.example/acme/orders/actions/runs/8', reportUrl: 'https://x.example' }, [8, 2]),
    ).toBe(digestOf(report))
  })

  test.each<[string, (of: Report) => Report]>([
    ['a verdict', (of) => ({ ...of, batches: of.batches.map((batch) => ({ ...batch, totals: { ...batch.totals, pass: 4 } })) })],
    ['a reason', (of) => ({ ...of, batches: of.batches.map((batch) => ({ ...batch, reason: 'Another.' })) })],
    [
      'a regression',
      (of) => ({
        ...of,
        batches: of.batches.map((batch) => ({ ...batch, runs: batch.runs.map((run) => ({ ...run, sample: `${run.sample}2` })) })),
      }),
    ],
    ['a warning', (of) => ({ ...of, warnings: [] })],
  ])('changes with %s', (_, edit) => {
    expect(digestOf(edit(report))).not.toBe(digestOf(report))
  })

  test('changes with the commit', () => {
    expect(digestOf(report, { ...place, sha: 'c'.repeat(40) })).not.toBe(digestOf(report))
  })
})

test.each<[Pick<Shown, 'order' | 'revision'>, boolean]>([
  [{ order: [8, 1], revision: 1 }, true],
  [{ order: [7, 3], revision: 1 }, true],
  [{ order: [7, 2], revision: 6 }, true],
  [{ order: [7, 2], revision: 5 }, false],
  [{ order: [7, 2], revision: 4 }, false],
  [{ order: [7, 1], revision: 9 }, false],
  [{ order: [6, 9], revision: 9 }, false],
])('what is shown of %j is newer than attempt 2 of run 7: %j', (shown, newer) => {
  expect(isNewer(shown, { order: [7, 2], revision: 5 })).toBe(newer)
})

describe('worth telling', () => {
  const of = async (stories: readonly Story[], shape: object = {}) =>
    (await fakeReport(memoryBlobs(), { stories, gate: { minPassRate: 0 }, ...shape })).report
  const shown: Shown = { key, order: [1, 1], revision: 1, sha: 'a', digest: 'b' }

  test.each<[string, readonly Story[], object, boolean]>([
    ['all pass', ['pass', 'pass'], {}, false],
    ['all pass on both sides', ['pass', 'pass'], { base: true, samples: 1 }, false],
    ['nothing to run', [], { samples: 0 }, false],
    ['a failure under a met gate', ['pass', 'tests-fail'], {}, true],
    ['a regression', ['tests-fail', 'pass'], { base: true, samples: 1 }, true],
    ['a fix', ['pass', 'tests-fail'], { base: true, samples: 1 }, true],
    ['an unscored run', ['pass', 'sandbox-lost'], {}, true],
    ['somebody must act', ['setup-failed'], {}, true],
    ['a gate that is not met by what it cost', ['pass'], { gate: { maxCostUsd: 0.001 } }, true],
    ['superseded', ['tests-fail'], { context: { superseded: true } }, false],
  ])('%s', async (_, stories, shape, tell) => {
    const made = await of(stories, shape)
    expect(worthTelling(made, undefined)).toBe(tell)
    expect(worthTelling(made, shown)).toBe(true)
  })

  test('a proposed eval, and what is missing', async () => {
    const made = await of(['pass'])
    expect(worthTelling({ ...made, batches: made.batches.map((batch) => ({ ...batch, proposed: true })) }, undefined)).toBe(true)
    expect(worthTelling({ ...made, state: 'incomplete', missing: ['x'] }, undefined)).toBe(true)
    expect(worthTelling({ ...made, state: 'running', missing: ['x'] }, undefined)).toBe(false)
  })
})

describe('what it says', () => {
  test('verdict, table, regressions with their reasons, fixes, and where more is', () => {
    const body = commentBody(report, place, { key, order: [7, 1], checkUrl: 'https://github.example/acme/orders/runs/5' })
    expect(body).toContain('### ⚠️ proctor: ')
    expect(body).toContain('- regressed: `empty-field` The required scorer "tests" failed: 2 of 24 tests.')
    expect(body).toContain('- fixed: `crlf-rows`')
    for (const label of ['Check run', 'Full report', 'Workflow run'])
      expect(body).toContain(`[${label}](https://github.example/acme/orders/`)
  })

  test('a command to repeat what failed, which no sample can turn into another', async () => {
    const ids = ['plain', "it's; rm -rf ~", '--out=/', '$(id)', 'a\u202eb', 'new\nline', '`id`', 'x'.repeat(200)]
    let at = 0
    const { report: made } = await fakeReport(memoryBlobs(), {
      stories: ids.map(() => 'tests-fail'),
      edit: (result) => ({ ...result, run: { ...result.run, sample: { ...result.run.sample, id: ids[at++] ?? '' } } }),
    })
    const body = commentBody(made, place, { key, order: [1, 1] })
    expect(body).toContain(
      `proctor run --eval parser --sample plain --sample 'it'\\''s; rm -rf ~' --sample=--out=/ --sample '$(id)' --sample '\`id\`'\n`,
    )
  })

  test('is a line or two when all is well', async () => {
    const { report: made } = await fakeReport(memoryBlobs(), { stories: ['pass', 'pass'] })
    const body = commentBody(made, { ...place, notes: [] }, { key, order: [1, 1] })
    expect(body).toContain('### ✅ proctor: 2/2 pass\n')
    expect(body).not.toMatch(/regress|fixed|details|Notes/)
  })
})
