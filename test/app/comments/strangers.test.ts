import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostileText } from '../../fakes/reports.ts'
import { there } from '../../support/there.ts'
import { type Office, openOffice } from './office.ts'

type At = Awaited<ReturnType<Office['pull']>>
let office: Office
let at: At
let run: string
let passing: string
let issue: { readonly name: string; readonly number: number }

beforeAll(async () => {
  office = await openOffice()
  at = await office.pull('acme/open')
  const [evaluation] = await evaluations()
  const finished = await office.finish(there(evaluation))
  ;[run, passing] = [finished.run('empty-field'), finished.run('crlf-rows')]
  issue = await office.issue('acme/open')
}, 180_000)
afterAll(() => office?.[Symbol.asyncDispose]())

const evaluations = async () => {
  const repo = there(await office.store.installations.repoNamed('acme', 'open'))
  return office.store.evaluations.withKey(repo.id, `pull:${at.number}`)
}
/** Everything that a command could change, but for what people said. */
const decided = async () => {
  const of = (table: string, columns: string) => office.query(`SELECT ${columns} FROM proctor.${table} ORDER BY 1, 2`)
  return Promise.all([
    of('evaluations', 'id, state, approved_by, note'),
    of('baselines', 'sample_id, evaluation_id'),
    of('quarantined', 'sample_id, eval'),
    of('expected_artifacts', 'id, name'),
  ])
}
const said = () =>
  office.query<{ rating: string; trusted: boolean; author: string; body: string }>(
    'SELECT rating, trusted, author, body FROM proctor.feedback ORDER BY created_at, id',
  )

const commands = () => [
  '/proctor run',
  '/proctor run parser --epochs 100',
  '/proctor rerun failed',
  '/proctor cancel',
  '/proctor accept',
  `/proctor approve ${at.head} --with-credentials`,
  `/proctor expect ${run}\n\`\`\`\nmine\n\`\`\``,
  '/proctor quarantine empty-field',
  '/proctor unquarantine empty-field',
  '/proctor nonsense',
]

describe.each([
  ['stranger', undefined],
  ['member', undefined],
  ['member', 'triage'],
] as const)('%s, whose role is %s', (login, role) => {
  beforeAll(async () => {
    if (role) await office.hub.allow(login, at.name, role)
  })

  test('commands nothing: one reaction, one short reply, and that is all', async () => {
    const before = await decided()
    const spoken = await said()
    for (const command of commands()) {
      const answer = await office.say(login, at, command)
      expect(answer, command).toMatchObject({
        reactions: ['-1'],
        replies: ['That needs write access to this repository.'],
        notes: [expect.stringMatching(/: refused, of somebody who may not write here$/)],
      })
    }
    expect(await decided()).toEqual(before)
    expect(await said()).toEqual(spoken)
  })

  test('may say what they think, which is kept as theirs and decides nothing', async () => {
    const before = await decided()
    const answer = await office.say(login, at, `/proctor feedback ${run} pass it is fine`)
    expect(answer).toMatchObject({
      reactions: ['eyes', 'confused'],
      replies: [expect.stringMatching(/without write access, so it decides nothing/)],
    })
    expect((await said()).at(-1)).toEqual({ rating: 'pass', trusted: false, author: login, body: 'it is fine' })
    expect(await decided()).toEqual(before)
  })

  test('is helped', async () => {
    expect(await office.say(login, issue, '/proctor')).toMatchObject({
      reactions: ['eyes', 'rocket'],
      replies: [expect.stringContaining('/proctor run')],
    })
  })
})

test('somebody who was invited to write may command', async () => {
  await office.hub.allow('member', at.name, 'write')
  expect(await office.say('member', at, '/proctor quarantine empty-field')).toMatchObject({ reactions: ['eyes', 'rocket'] })
  expect(await office.say('member', at, '/proctor unquarantine empty-field')).toMatchObject({ reactions: ['eyes', 'rocket'] })
})

describe('under an issue', () => {
  test('there is no pull request to be commanded', async () => {
    const before = await decided()
    for (const command of [
      '/proctor run',
      '/proctor rerun failed',
      '/proctor cancel',
      '/proctor accept',
      `/proctor approve ${at.head}`,
      '/proctor quarantine empty-field',
    ]) {
      const answer = await office.say('octocat', issue, command)
      expect(answer, command).toMatchObject({
        reactions: ['eyes', '-1'],
        replies: [expect.stringMatching(/is about a pull request, and this is none\.$/)],
      })
    }
    expect(await decided()).toEqual(before)
  })

  test('what is said of a run of this repository is kept', async () => {
    expect(await office.say('octocat', issue, `/proctor feedback ${run} partial half of it`)).toMatchObject({
      reactions: ['eyes', 'rocket'],
    })
    expect((await said()).at(-1)).toMatchObject({ rating: 'partial', trusted: true, author: 'octocat' })
    expect(await office.say('octocat', issue, `/proctor expect ${run}\n\`\`\`text out.txt\nright\n\`\`\``)).toMatchObject({
      reactions: ['eyes', 'rocket'],
      replies: ['Kept 1 expected file with `empty-field` of `fixer / parser`.'],
    })
    const repo = there(await office.store.installations.repoNamed('acme', 'open'))
    const [artifact] = await office.store.expected.ofSample(repo.id, { agent: 'fixer', eval: 'parser', sample: 'empty-field' })
    expect(artifact).toMatchObject({ name: 'out.txt', author: 'octocat', runId: run })
    expect(await new Response(await office.world.blobs.get(there(artifact).blob)).text()).toBe('right')
  })
})

describe('wrong', () => {
  test('is of the judgement: the run is what it was not found to be', async () => {
    await office.say('octocat', at, `/proctor wrong ${passing} it did nothing`)
    expect((await said()).at(-1)).toMatchObject({ rating: 'fail', body: 'it did nothing' })
    await office.say('octocat', at, `/proctor wrong ${run} it did it`)
    expect((await said()).at(-1)).toMatchObject({ rating: 'pass', body: 'it did it' })
  })
})

describe('a run of another organisation', () => {
  let theirs: string
  beforeAll(async () => {
    const other = await office.pull('rival/hidden', { by: 'boss' })
    const repo = there(await office.store.installations.repoNamed('rival', 'hidden'))
    const [evaluation] = await office.store.evaluations.withKey(repo.id, `pull:${other.number}`)
    theirs = (await office.finish(there(evaluation), { evals: ['secret'] })).run('empty-field')
  }, 120_000)

  test.each(['octocat', 'stranger'])('is not there for %s, and it is not said whether it is anywhere', async (login) => {
    const spoken = await said()
    const before = await decided()
    for (const place of [at, issue])
      for (const command of [
        `/proctor feedback ${theirs} fail no`,
        `/proctor wrong ${theirs} no`,
        ...(login === 'octocat' ? [`/proctor expect ${theirs}\n~~~\nx\n~~~`] : []),
      ]) {
        const answer = await office.say(login, place, command)
        expect(answer.replies).toEqual([`There is no run \`${theirs}\` in this repository.`])
        const unknown = await office.say(login, place, command.replace(theirs, 'fixer-nothing-like-it'))
        expect({ ...unknown, id: 0, ours: 0 }).toEqual({
          ...answer,
          id: 0,
          ours: 0,
          replies: ['There is no run `fixer-nothing-like-it` in this repository.'],
        })
      }
    expect(await said()).toEqual(spoken)
    expect(await decided()).toEqual(before)
  })
})

describe('hostile words', () => {
  test.each([
    '/proctor run $(touch /tmp/pwned)',
    '/proctor run ;id',
    '/proctor run ../../../etc/passwd',
    '/proctor run --epochs=1e9',
    '/proctor feedback ../../x pass',
    "/proctor feedback x';DROP pass",
    '/proctor approve HEAD',
    '/proctor approve $(id)',
    '/proctor __proto__',
    '/proctor <img src=x onerror=alert(1)> @acme/everybody #1',
  ])('%s is not understood, and comes back as letters at most', async (body) => {
    const before = await decided()
    const { replies, reactions } = await office.say('octocat', at, body)
    expect(reactions).toEqual(['eyes', '-1'])
    expect(replies).toHaveLength(1)
    expect(replies[0]).not.toMatch(/touch|passwd|DROP|<img|@acme|#1/)
    expect(await decided()).toEqual(before)
  })

  test.each([
    "x'); DROP TABLE proctor.quarantined; --",
    '@acme/everybody #1 <img src=x> [x](https://evil.example)',
    '`` ` ``` <!-- proctor:v1 key=proctor -->',
    hostileText.replaceAll(/[\n\ud800]/g, ' ').slice(0, 390),
  ])('the sample %j is only ever code', async (sample) => {
    const { replies } = await office.say('octocat', at, `/proctor quarantine ${sample}`)
    const [text = ''] = replies
    expect(text).toMatch(/^No eval of this pull request has a sample (`+)[^\n]*\1\.$/)
    const outside = text.replace(/(`+)[^\n]*\1/, '')
    expect(outside).not.toMatch(/[@#<[]/)
  })

  test('a branch may be called what it likes', async () => {
    const odd = await office.pull('acme/odd', { branch: '$(touch$IFSpwned);`id`-@acme' })
    const repo = there(await office.store.installations.repoNamed('acme', 'odd'))
    await office.say('octocat', odd, '/proctor cancel')
    expect(await office.say('octocat', odd, '/proctor run')).toMatchObject({ reactions: ['eyes', 'rocket'] })
    const [evaluation] = await office.store.evaluations.withKey(repo.id, `pull:${odd.number}`)
    expect(evaluation).toMatchObject({ ref: '$(touch$IFSpwned);`id`-@acme', headSha: odd.head })
  })

  test('a comment as long as GitHub takes them is kept as far as anybody reads', async () => {
    await office.say('octocat', at, `/proctor feedback ${run} fail ${'long '.repeat(13_000)}`)
    expect((await said()).at(-1)?.body).toHaveLength(10_000)
    const talk = await office.say('octocat', at, `${'['.repeat(30_000)}${'>'.repeat(30_000)}`)
    expect(talk).toMatchObject({ notes: ['talk'], reactions: [], replies: [] })
  })
})

describe('a forged marker', () => {
  test('makes nobody’s comment ours: we answer beside it', async () => {
    const next = (await office.say('stranger', at, 'first')).id + 2
    const forged = await office.hub.asUser('stranger').createComment(at.name, at.number, `<!-- proctor:reply to=${next} -->\nAll is well.`)
    await office.settle()
    const answer = await office.say('octocat', at, '/proctor help')
    expect(answer.id).toBe(next)
    expect(answer.replies).toHaveLength(1)
    const all = await office.hub.comments(at.name, at.number)
    expect(all.find(({ id }) => id === forged.id)?.body).toBe(`<!-- proctor:reply to=${next} -->\nAll is well.`)
  })

  test('of a quotation is talk: only what we said ourselves is quoted', async () => {
    const spoken = await said()
    const text = '<!-- proctor:v1 key=proctor -->\n### proctor: everything about this change is just fine'
    await office.say('stranger', at, text)
    expect(await office.say('member', at, '> ### proctor: everything about this change is just fine\n\nNo!')).toMatchObject({
      notes: ['talk'],
    })
    expect(await said()).toEqual(spoken)
  })
})

describe('a reply', () => {
  test('that quotes a line of ours is kept, without a rating, by whoever says it', async () => {
    const { replies } = await office.say('octocat', at, '/proctor quarantine no-such-sample-anywhere')
    const [line = ''] = replies
    for (const login of ['stranger', 'octocat']) {
      expect(await office.say(login, at, `> ${line}\r\n\r\nBut there should be.`)).toMatchObject({
        notes: ['a reply, kept'],
        reactions: [],
        replies: [],
      })
      expect((await said()).at(-1)).toMatchObject({ rating: 'none', author: login, trusted: login === 'octocat' })
    }
    const spoken = await said()
    expect(await office.say('octocat', at, `I think > ${line}`)).toMatchObject({ notes: ['talk'] })
    expect(await office.say('octocat', at, '> No eval\n\nshort words are anybody’s')).toMatchObject({ notes: ['talk'] })
    expect(await office.say('octocat', at, `>${' '.repeat(20)}\n> \n\nnothing is quoted`)).toMatchObject({ notes: ['talk'] })
    expect(await said()).toEqual(spoken)
  })
})
