import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Report, ReportFeedback } from '../../../runner/domain/report.ts'
import { ReportSchema } from '../../../runner/domain/report-schema.ts'
import { buildReport } from '../../../runner/report/build-report.ts'
import { commentBody, worthTelling } from '../../../runner/report/github/comment.ts'
import { htmlReport } from '../../../runner/report/html/html.ts'
import type { People } from '../../../runner/report/people.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakeReport } from '../../fakes/reports.ts'
import type { Story } from '../../fakes/results.ts'
import { place } from './github/hostile-report.ts'
import { pageOf } from './github/pages.ts'

const golden = (page: string) => join(import.meta.dirname, '../../fixtures/github/people', page)
const sample = (name: string) => ({ agent: 'fixer', eval: 'parser', sample: name })
const url = `${place.serverUrl}/acme/orders/pull/12#issuecomment-77`
const digest = `sha256:${'ab'.repeat(32)}` as const
const nobody: People = { quarantined: [], accepted: [], feedback: [], expected: [] }
const word = (name: string, more: Partial<ReportFeedback> = {}) =>
  ({
    ...sample(name),
    ...{ rating: 'fail', body: 'It only looks right.', author: 'octocat', trusted: true, url, at: '2026-11-20T10:00:00.000Z' },
    ...more,
  }) satisfies People['feedback'][number]

/** quoted-comma passes, empty-field fails, crlf-rows fails and bom-prefix passes; the base passes all. */
const stories: readonly Story[] = ['pass', 'pass', 'tests-fail', 'pass', 'tests-fail', 'pass', 'pass', 'pass']
const told = async (people: Partial<People>, gate: object = { minPassRate: 0.5, noRegressions: true }): Promise<Report> =>
  (await fakeReport(memoryBlobs(), { samples: 4, base: true, stories, gate, context: { people: { ...nobody, ...people } } })).report
const batchOf = ({ batches: [batch] }: Report) => {
  if (!batch) throw new Error('a batch')
  return batch
}
const runOf = (report: Report, name: string, side = 'head') => {
  const run = batchOf(report).runs.find((one) => one.sample === name && one.side === side)
  if (!run) throw new Error('a run')
  return run
}

describe('what people said of a sample', () => {
  test('is with its head runs, as it was said, and in no field of any other', async () => {
    const report = await told({
      feedback: [
        word('quoted-comma'),
        word('elsewhere'),
        { ...word('quoted-comma'), eval: 'other' },
        { ...word('quoted-comma'), agent: 'other' },
      ],
      expected: [
        { ...sample('quoted-comma'), name: 'rows.json', bytes: 12, digest, author: 'octocat', url, at: '2026-11-20T11:00:00.000Z' },
      ],
    })
    expect(runOf(report, 'quoted-comma')).toMatchObject({
      feedback: [{ rating: 'fail', body: 'It only looks right.', author: 'octocat', trusted: true, url, at: '2026-11-20T10:00:00.000Z' }],
      expected: [{ name: 'rows.json', bytes: 12, digest, author: 'octocat', url, at: '2026-11-20T11:00:00.000Z' }],
    })
    const others = batchOf(report).runs.filter((run) => run !== runOf(report, 'quoted-comma'))
    for (const run of others) expect(Object.keys(run)).not.toEqual(expect.arrayContaining(['feedback', 'expected', 'contradicts']))
    expect(ReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
  })

  test.each<[string, readonly Partial<ReportFeedback>[], boolean]>([
    ['a fail of a pass', [{ rating: 'fail' }], true],
    ['a pass of a pass', [{ rating: 'pass' }], false],
    ['a fail that a later pass took back', [{ rating: 'fail' }, { rating: 'pass', author: 'member' }], false],
    ['a pass that a later fail took back', [{ rating: 'pass' }, { rating: 'fail' }], true],
    ['a fail, and later a half', [{ rating: 'fail' }, { rating: 'partial' }], true],
    ['a half', [{ rating: 'partial' }], false],
    ['a reply', [{ rating: 'none' }], false],
    ['a fail by a stranger', [{ rating: 'fail', trusted: false }], false],
    ['a fail, and a pass by a stranger', [{ rating: 'fail' }, { rating: 'pass', trusted: false }], true],
  ])('%s', async (_, said, contradicts) => {
    const report = await told({ feedback: said.map((one) => word('quoted-comma', one)) })
    expect(runOf(report, 'quoted-comma').contradicts ?? false).toBe(contradicts)
  })

  test('contradicts a failure too, and never what could not be scored', async () => {
    const feedback = [word('empty-field', { rating: 'pass' }), word('quoted-comma', { rating: 'pass' })]
    expect(runOf(await told({ feedback }), 'empty-field').contradicts).toBe(true)
    const { report } = await fakeReport(memoryBlobs(), {
      stories: ['sandbox-lost', 'sandbox-lost'],
      context: { people: { ...nobody, feedback } },
    })
    expect(runOf(report, 'empty-field').contradicts).toBeUndefined()
  })

  test('decides nothing: neither verdict nor gate nor totals', async () => {
    const plain = await told({})
    const loud = await told({ feedback: ['quoted-comma', 'bom-prefix'].map((name) => word(name)) })
    expect(loud.totals).toEqual(plain.totals)
    expect(loud.conclusion).toBe(plain.conclusion)
    expect(batchOf(loud).runs.map(({ verdict }) => verdict)).toEqual(batchOf(plain).runs.map(({ verdict }) => verdict))
  })

  test('of which there is much is cut, and strangers push nobody out', async () => {
    const many = Array.from({ length: 500 }, (_, at) =>
      word('quoted-comma', { trusted: false, author: `stranger${at}`, body: 'x'.repeat(10_000) }),
    )
    const { feedback = [] } = runOf(await told({ feedback: [word('quoted-comma'), ...many] }), 'quoted-comma')
    expect(feedback).toHaveLength(20)
    expect(feedback[0]).toMatchObject({ author: 'octocat' })
    expect(feedback.at(-1)).toMatchObject({ author: 'stranger499' })
    expect(Math.max(...feedback.map(({ body }) => body.length))).toBe(2000)
  })
})

describe('a quarantined sample', () => {
  test('runs and is shown, and does not count', async () => {
    const report = await told({ quarantined: [sample('empty-field'), sample('crlf-rows')] })
    expect(report).toMatchObject({ conclusion: 'success', totals: { runs: 2, pass: 2, fail: 0, regressions: 0, pass_rate: 1 } })
    expect(batchOf(report)).toMatchObject({ quarantined: ['empty-field', 'crlf-rows'], comparison: { regressed: [], pairs: 2 } })
    expect(batchOf(report).runs).toHaveLength(8)
    expect(batchOf(report).scorers.find(({ name }) => name === 'tests')).toMatchObject({ pass: 2, fail: 0 })
    expect(runOf(report, 'empty-field')).toMatchObject({ verdict: 'fail' })
  })

  test('of another eval or agent is none', async () => {
    const report = await told({
      quarantined: [
        { ...sample('empty-field'), eval: 'other' },
        { ...sample('empty-field'), agent: 'other' },
      ],
    })
    expect(report.conclusion).toBe('failure')
    expect(batchOf(report)).not.toHaveProperty('quarantined')
  })

  test('that has no result keeps nobody waiting', async () => {
    const { plan, results } = await fakeReport(memoryBlobs(), { stories: ['pass', 'pass'] })
    const [first] = results
    const people = { ...nobody, quarantined: [sample('empty-field')] }
    const report = buildReport(plan, first ? [first] : [], { version: '1', now: new Date(), people })
    expect(report).toMatchObject({ state: 'incomplete', conclusion: 'success', totals: { runs: 1, pass: 1 } })
    expect(report.missing).toHaveLength(1)
    expect(buildReport(plan, first ? [first] : [], { version: '1', now: new Date() }).conclusion).toBe('neutral')
  })

  test('leaves nothing to decide when all are', async () => {
    const everything = ['quoted-comma', 'empty-field', 'crlf-rows', 'bom-prefix'].map(sample)
    expect(await told({ quarantined: everything })).toMatchObject({ conclusion: 'neutral', totals: { runs: 0, pass_rate: null } })
  })
})

describe('an accepted failure', () => {
  test('is no regression, and still a failure', async () => {
    const report = await told({ accepted: [sample('empty-field')] })
    expect(batchOf(report).comparison).toMatchObject({ regressed: ['crlf-rows'], accepted: ['empty-field'], fixed: [] })
    expect(report.totals).toMatchObject({ regressions: 1, fail: 2 })
    const both = await told({ accepted: [sample('empty-field'), sample('crlf-rows')] })
    expect(both).toMatchObject({ conclusion: 'success', totals: { regressions: 0, fail: 2 } })
    expect((await told({ accepted: [sample('empty-field'), sample('crlf-rows')] }, { minPassRate: 0.9 })).conclusion).toBe('failure')
  })

  test('changes nothing about what chance explains', async () => {
    const plain = batchOf(await told({})).comparison
    expect(batchOf(await told({ accepted: [sample('empty-field')] })).comparison).toMatchObject({ p: plain?.p, pairs: plain?.pairs })
  })

  test('of a sample that passes, or that the base fails too, is not spoken of', async () => {
    expect(batchOf(await told({ accepted: [sample('quoted-comma')] })).comparison).not.toHaveProperty('accepted')
  })
})

describe('shown', () => {
  const all: Partial<People> = {
    quarantined: [sample('crlf-rows')],
    accepted: [sample('empty-field')],
    feedback: [
      word('quoted-comma', { rating: 'none', body: '> quoted\n\nWhy? @everybody #1' }),
      word('quoted-comma', { body: 'Commas in *quotes* are kept, but the quotes are lost.' }),
      word('quoted-comma', { rating: 'pass', author: 'stranger', trusted: false, body: 'It is fine, believe me: https://evil.example' }),
    ],
    expected: [{ ...sample('empty-field'), name: 'rows.json', bytes: 12, digest, author: 'octocat', url, at: '2026-11-20T11:00:00.000Z' }],
  }

  test.each(['summary', 'text', 'comment', 'aggregate'] as const)('on GitHub: %s', async (page) => {
    const text = await pageOf(page, { report: await told(all), place, read: async () => undefined })
    await expect(text).toMatchFileSnapshot(golden(`${page}.md`))
    expect(text).not.toContain('believe me')
  })

  test('links lead to this GitHub alone', async () => {
    const report = await told({ feedback: [word('quoted-comma', { url: 'https://evil.example/x' })] })
    const text = await pageOf('text', { report, place, read: async () => undefined })
    expect(text).toContain('`octocat` 2026-11-20 said **fail**')
    expect(text).not.toContain('evil.example')
  })

  test('a contradiction alone is worth a comment', async () => {
    const passing = { ...(await told({})), conclusion: 'success' as const }
    const quiet = { ...passing, totals: { ...passing.totals, fail: 0, regressions: 0 } }
    const loud = await told({ feedback: [word('quoted-comma')] })
    expect(worthTelling(quiet, undefined)).toBe(false)
    expect(worthTelling({ ...quiet, batches: loud.batches }, undefined)).toBe(true)
    expect(commentBody({ ...quiet, batches: loud.batches }, place, { key: 'proctor', order: [1, 1] })).toContain(
      'people say otherwise: `quoted-comma`',
    )
  })

  test('in report.html, with nothing in it that acts', async () => {
    const report = await told({
      ...all,
      feedback: [word('quoted-comma', { body: '<script>pwn()</script>', author: '"><img src=x>', url: 'javascript:pwn()' })],
    })
    const page = (await Array.fromAsync(htmlReport(report, async () => undefined))).join('')
    expect(page).toContain('they say otherwise than the verdict')
    expect(page).toContain('rows.json')
    expect(page).toContain('&lt;script&gt;pwn()&lt;/script&gt;')
    expect(page).not.toContain('<script>pwn')
    expect(page).not.toContain('javascript:pwn')
    expect(page).not.toContain('<img src=x>')
  })
})
