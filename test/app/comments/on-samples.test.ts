import { afterAll, beforeAll, expect, test } from 'vitest'
import { reportOf } from '../../../app/jobs/report-of.ts'
import type { Evaluation } from '../../../app/store/evaluations.ts'
import type { Report } from '../../../runner/domain/report.ts'
import { there } from '../../support/there.ts'
import { type Office, openOffice } from './office.ts'

/** What people say and decide in one evaluation, in the reports of others. */
type At = Awaited<ReturnType<Office['pull']>>
let office: Office
let own: At
let other: At
let elsewhere: At
let run: (sample: string) => string
beforeAll(async () => {
  office = await openOffice()
  own = await office.pull('acme/own')
  other = await office.anotherPull(own)
  elsewhere = await office.pull('rival/own', { by: 'boss' })
  const first = await newest(own)
  run = (await office.finish(first, { gate })).run
  expect(await reportAt(first)).toMatchObject({ conclusion: 'failure', totals: { regressions: 1, fail: 1 } })
}, 180_000)
afterAll(() => office?.[Symbol.asyncDispose]())

const gate = { noRegressions: true, minPassRate: 0.5 }
const newest = async (at: At): Promise<Evaluation> => there((await office.evaluationsOf(at))[0])
const reportAt = async ({ id }: Pick<Evaluation, 'id'>): Promise<Report> =>
  there(await reportOf(there(await office.store.evaluations.find(id)), office.world)).report
const runsOf = ({ batches }: Report, sample: string) => batches.flatMap(({ runs }) => runs.filter((one) => one.sample === sample))
/** Another evaluation, brought to its end. */
async function again(at: At): Promise<Report> {
  const one = await newest(at)
  if (one.state === 'queued') await office.finish(one, { gate })
  return reportAt(one)
}

test('feedback and expected files are in later reports of their sample, in this repository', async () => {
  const before = await reportAt(await newest(own))
  await office.say('octocat', own, `/proctor feedback ${run('quoted-comma')} fail It only looks right.`)
  await office.say('stranger', own, `/proctor feedback ${run('quoted-comma')} pass`)
  await office.say('octocat', own, `/proctor expect ${run('empty-field')}\n\`\`\`json rows.json\n[1]\n\`\`\``)
  await office.say('octocat', own, '/proctor run')
  const report = await again(own)
  const [quoted] = runsOf(report, 'quoted-comma').filter(({ side }) => side === 'head')
  expect(quoted).toMatchObject({
    verdict: 'pass',
    contradicts: true,
    feedback: [
      {
        rating: 'fail',
        body: 'It only looks right.',
        author: 'octocat',
        trusted: true,
        url: expect.stringContaining('#issuecomment-'),
        at: expect.stringMatching(/^20\d\d-.*Z$/),
      },
      { rating: 'pass', author: 'stranger', trusted: false },
    ],
  })
  expect(runsOf(report, 'empty-field')[0]).toMatchObject({ expected: [{ name: 'rows.json', bytes: 3, author: 'octocat' }] })
  expect(runsOf(report, 'crlf-rows').some((one) => 'feedback' in one || 'expected' in one)).toBe(false)
  expect(report.totals).toEqual(before.totals)

  const beside = await again(other)
  expect(runsOf(beside, 'quoted-comma')[0]).toMatchObject({ contradicts: true })
  const away = await again(elsewhere)
  expect(runsOf(away, 'quoted-comma').some((one) => 'feedback' in one)).toBe(false)
})

test('a verdict that was given stays as it was given', async () => {
  const one = await newest(own)
  const before = await reportAt(one)
  await office.store.quarantine.put(one.repoId, { agent: 'fixer', eval: 'parser', sample: 'empty-field' }, { author: 'octocat', url: 'x' })
  expect(await reportAt(one)).toEqual(before)
  await office.store.quarantine.lift(one.repoId, { agent: 'fixer', eval: 'parser', sample: 'empty-field' })
})

test('accepted in one pull request, a failure is none there, whatever is pushed, and a regression everywhere else', async () => {
  await office.say('octocat', own, '/proctor accept')
  expect(await again(own)).toMatchObject({
    conclusion: 'success',
    totals: { regressions: 0, fail: 1 },
    batches: [{ comparison: { accepted: ['empty-field'] } }],
  })
  await own.push()
  await office.settle()
  expect(await again(own)).toMatchObject({ conclusion: 'success', batches: [{ comparison: { accepted: ['empty-field'], regressed: [] } }] })
  await other.push()
  await office.settle()
  expect(await again(other)).toMatchObject({ conclusion: 'failure', totals: { regressions: 1 } })
})

test('what was not accepted is a regression, in the same pull request too', async () => {
  await own.push()
  await office.settle()
  const one = await newest(own)
  await office.finish(one, { gate, stories: ['tests-fail', 'tests-fail', 'pass'] })
  expect(await reportAt(one)).toMatchObject({
    conclusion: 'failure',
    batches: [{ comparison: { accepted: ['empty-field'], regressed: ['quoted-comma'] } }],
  })
})

test('a quarantined sample counts nowhere in the repository until it is put back', async () => {
  await office.say('octocat', own, '/proctor quarantine empty-field')
  await other.push()
  await office.settle()
  expect(await again(other)).toMatchObject({
    conclusion: 'success',
    totals: { runs: 2, fail: 0 },
    batches: [{ quarantined: ['empty-field'] }],
  })
  await office.say('octocat', own, '/proctor unquarantine empty-field')
  await other.push()
  await office.settle()
  expect(await again(other)).toMatchObject({ conclusion: 'failure', totals: { runs: 3, fail: 1 } })
})
