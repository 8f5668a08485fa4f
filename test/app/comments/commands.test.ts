import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { there } from '../../support/there.ts'
import { type Office, openOffice } from './office.ts'

let office: Office
beforeAll(async () => {
  office = await openOffice()
}, 120_000)
afterAll(() => office?.[Symbol.asyncDispose]())

type At = Awaited<ReturnType<Office['pull']>>
const evaluationsOf = (at: At) => office.evaluationsOf(at)
const newest = async (at: At) => there((await evaluationsOf(at))[0])
const done = (command: string) => ({ reactions: ['eyes', 'rocket'], notes: [`/proctor ${command}: done`], replies: [expect.any(String)] })
const refused = (command: string, why: RegExp) => ({
  reactions: ['eyes', '-1'],
  notes: [`/proctor ${command}: refused`],
  replies: [expect.stringMatching(why)],
})

describe('of a pull request of the organisation itself', () => {
  let at: At
  beforeAll(async () => {
    at = await office.pull('acme/own')
  }, 60_000)

  test('nothing is there to be run again or accepted before something has ended', async () => {
    expect(await office.say('octocat', at, '/proctor run')).toMatchObject(
      refused('run', /is being evaluated; `\/proctor cancel` ends that/),
    )
    expect(await office.say('octocat', at, '/proctor rerun failed')).toMatchObject(refused('rerun failed', /no finished evaluation/))
    expect(await office.say('octocat', at, '/proctor accept')).toMatchObject(refused('accept', /no finished evaluation/))
    expect(await evaluationsOf(at)).toHaveLength(1)
  })

  test('cancel ends what is under way', async () => {
    expect(await office.say('octocat', at, '/proctor cancel')).toMatchObject({ ...done('cancel'), replies: ['Cancelled 1 evaluation.'] })
    expect(await newest(at)).toMatchObject({ state: 'cancelled', note: expect.stringMatching(/^cancelled by octocat: http/) })
    expect(await office.say('octocat', at, '/proctor cancel')).toMatchObject(refused('cancel', /Nothing is under way/))
  })

  test('run evaluates the head as it is now', async () => {
    const said = await office.say('octocat', at, '/proctor run --epochs 3')
    expect(said).toMatchObject({ ...done('run'), replies: [expect.stringContaining(`Evaluating \`${at.head}\`, epochs: 3.`)] })
    expect(await newest(at)).toMatchObject({
      ...{ kind: 'command', headSha: at.head, trust: 'trusted', state: 'queued', dedupe: `comment:${said.id}`, priority: 8 },
      request: { epochs: 3, by: 'octocat' },
    })
  })

  test('rerun failed looks at what did not pass', async () => {
    const of = await newest(at)
    await office.finish(of)
    expect(await office.say('octocat', at, '/proctor rerun failed')).toMatchObject(done('rerun failed'))
    expect(await newest(at)).toMatchObject({ state: 'queued', request: { rerun: { of: of.id, anew: 'failed' }, by: 'octocat', epochs: 3 } })
  })

  test('accept takes what fails for what is expected, and has the verdict made anew', async () => {
    const of = await newest(at)
    await office.finish(of, { gate: { noRegressions: true, minPassRate: 0.5 } })
    expect(await office.store.verdicts.find(of.id)).toMatchObject({ conclusion: 'failure', totals: { regressions: 1 } })
    expect(await office.say('octocat', at, '/proctor accept')).toMatchObject(done('accept'))
    expect(await office.store.baselines.of(of.repoId, 'fixer', 'parser')).toMatchObject([
      { sampleId: 'crlf-rows', acceptedBy: 'octocat', evaluationId: of.id },
      { sampleId: 'empty-field', acceptedBy: 'octocat' },
      { sampleId: 'quoted-comma', acceptedBy: 'octocat' },
    ])
    expect(await newest(at)).toMatchObject({ state: 'queued', request: { rerun: { of: of.id, anew: 'nothing' } } })
  })

  test('quarantine takes a sample out of the gate, and puts it back', async () => {
    const of = await newest(at)
    await office.finish(of)
    expect(await office.say('octocat', at, '/proctor quarantine empty-field')).toMatchObject({
      ...done('quarantine'),
      replies: [expect.stringMatching(/^`empty-field` of `fixer \/ parser` is in quarantine: .* The verdict is made anew/)],
    })
    expect(await office.store.quarantine.of(of.repoId)).toMatchObject([
      {
        agent: 'fixer',
        eval: 'parser',
        sampleId: 'empty-field',
        author: 'octocat',
        url: expect.stringMatching(/\/acme\/own\/.*#issuecomment-\d+$/),
      },
    ])
    expect(await newest(at)).toMatchObject({ state: 'queued', request: { rerun: { of: of.id, anew: 'nothing' } } })
    expect(await office.say('octocat', at, '/proctor unquarantine fixer/parser/empty-field')).toMatchObject(done('unquarantine'))
    expect(await office.store.quarantine.of(of.repoId)).toEqual([])
    expect(await office.say('octocat', at, '/proctor quarantine nothing')).toMatchObject(refused('quarantine', /has a sample `nothing`/))
  })

  test('a sample that several evals have has to be named with its eval', async () => {
    const of = await newest(at)
    await office.finish(of, { evals: ['parser', 'lexer'] })
    expect(await office.say('octocat', at, '/proctor quarantine crlf-rows')).toMatchObject(
      refused(
        'quarantine',
        /Say which:\n\n- `\/proctor quarantine fixer\/lexer\/crlf-rows`\n- `\/proctor quarantine fixer\/parser\/crlf-rows`$/,
      ),
    )
    expect(await office.store.quarantine.of(of.repoId)).toEqual([])
    expect(await office.say('octocat', at, '/proctor quarantine fixer/lexer/crlf-rows')).toMatchObject(done('quarantine'))
    expect(await office.store.quarantine.of(of.repoId)).toMatchObject([{ eval: 'lexer', sampleId: 'crlf-rows' }])
  })

  test('run of one eval is shown beside what decides, and not taken for it', async () => {
    const main = await newest(at)
    await office.finish(main)
    expect(await office.say('octocat', at, '/proctor run lexer')).toMatchObject(done('run'))
    const aside = await newest(at)
    expect(aside).toMatchObject({ kind: 'command', request: { evals: ['lexer'], aside: true } })
    await office.finish(aside, { evals: ['lexer'] })
    expect(await office.say('octocat', at, '/proctor rerun failed')).toMatchObject(done('rerun failed'))
    expect((await newest(at)).request.rerun).toEqual({ of: main.id, anew: 'failed' })
  })

  test('help says what there is; what is not understood is said with it', async () => {
    expect(await office.say('octocat', at, '/proctor help')).toMatchObject({
      ...done('help'),
      replies: [expect.stringContaining('/proctor run [eval]')],
    })
    const said = await office.say('octocat', at, '/proctor `id` @acme/team')
    expect(said).toMatchObject(refused('misunderstood', /^Not understood: there is no command `\?id\?`\.\n\nIn the first line/))
  })

  test('approve is for what waits', async () => {
    expect(await office.say('octocat', at, `/proctor approve ${at.head}`)).toMatchObject(
      refused('approve', /Nothing waits for an approval/),
    )
  })

  test('a closed one runs nothing', async () => {
    await office.hub.asUser('octocat').close(at.name, at.number)
    await office.settle()
    expect(await office.say('octocat', at, '/proctor run')).toMatchObject(refused('run', /closed/))
    expect(await office.say('octocat', at, '/proctor rerun failed')).toMatchObject(refused('rerun failed', /closed/))
  })
})

describe('of a fork', () => {
  let at: At
  beforeAll(async () => {
    at = await office.pull('acme/forked', { from: 'stranger' })
  }, 60_000)

  test('run does not go around the approval', async () => {
    expect(await newest(at)).toMatchObject({ trust: 'fork', state: 'waiting' })
    expect(await office.say('octocat', at, '/proctor run')).toMatchObject(
      refused('run', new RegExp(`waits for \`/proctor approve ${at.head}\``)),
    )
    expect(await evaluationsOf(at)).toHaveLength(1)
  })

  test('approve is of the head alone', async () => {
    const other = 'ab'.repeat(20)
    expect(await office.say('octocat', at, `/proctor approve ${other}`)).toMatchObject(refused('approve', /is not the head/))
    expect(await newest(at)).toMatchObject({ state: 'waiting', approvedBy: null })
    expect(await office.say('octocat', at, `/proctor approve ${at.head} --with-credentials`)).toMatchObject(done('approve'))
    expect(await newest(at)).toMatchObject({ state: 'queued', approvedBy: 'octocat', approvedWithCredentials: true })
    expect(await office.say('octocat', at, `/proctor approve ${at.head}`)).toMatchObject(refused('approve', /Nothing waits/))
    expect(await newest(at)).toMatchObject({ approvedWithCredentials: true })
  })

  test('what was approved may be run again as it was approved', async () => {
    await office.finish(await newest(at))
    expect(await office.say('octocat', at, '/proctor rerun failed')).toMatchObject(done('rerun failed'))
    expect(await newest(at)).toMatchObject({ state: 'queued', approvedBy: 'octocat', approvedWithCredentials: true })
    await office.finish(await newest(at))
    expect(await office.say('octocat', at, '/proctor run')).toMatchObject(done('run'))
    expect(await newest(at)).toMatchObject({ kind: 'command', state: 'queued', approvedBy: 'octocat', trust: 'fork' })
  })

  test('an approval that a push overtook is of nothing, whichever of the two is heard of first', async () => {
    const next = await at.push()
    await office.hub.delivered()
    await office.hub.asUser('octocat').createComment(at.name, at.number, `/proctor approve ${at.head}`)
    await office.hub.delivered()
    const before = await evaluationsOf(at)
    await office.carryOut('issue_comment')
    expect(await evaluationsOf(at)).toEqual(before)
    await office.settle()
    expect(await newest(at)).toMatchObject({ headSha: next, state: 'waiting', approvedBy: null })
    expect(await office.say('octocat', at, `/proctor approve ${at.head}`)).toMatchObject(refused('approve', /is not the head of this/))
    expect(await newest(at)).toMatchObject({ headSha: next, state: 'waiting', approvedBy: null })
  })
})
