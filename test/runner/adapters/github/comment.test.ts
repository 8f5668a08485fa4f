import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openComment } from '../../../../runner/adapters/github/github.ts'
import type { Report } from '../../../../runner/domain/report.ts'
import { commentBody } from '../../../../runner/report/github/comment.ts'
import { parseMarker } from '../../../../runner/report/github/marker.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakeReport } from '../../../fakes/reports.ts'
import { first } from '../../../support/github/faults.ts'
import { type Desk, openDesk, placeOf, repo } from './desk.ts'

let desk: Desk
let token: string
let pull: { readonly sha: string; readonly number: number }
let passing: Report
let failing: Report
beforeAll(async () => {
  desk = await openDesk()
  token = await desk.jobToken(repo)
  pull = await desk.pull()
  passing = (await fakeReport(memoryBlobs(), { stories: ['pass'] })).report
  failing = (await fakeReport(memoryBlobs(), { stories: ['tests-fail'] })).report
})
afterAll(async () => {
  expect(desk.violations).toEqual([])
  await desk[Symbol.asyncDispose]()
})

type Given = {
  readonly key: string
  readonly run?: number
  readonly mode?: 'changes' | 'always' | 'never'
  readonly as?: string
  readonly author?: string | undefined
  readonly said?: string[]
  readonly sha?: string
}
const actions = 'github-actions[bot]'
async function say(report: Report, given: Given): Promise<void> {
  const { key, run = 1, mode = 'changes', as = token, said = [] } = given
  const publisher = openComment({
    github: desk.client(as),
    repo,
    pull: pull.number,
    key,
    order: [run, 1],
    mode,
    place: placeOf(given.sha ?? pull.sha),
    author: async () => ('author' in given ? given.author : actions),
    log: (line) => void said.push(line),
  })
  await publisher.publish(report)
}
/** Login, and [workflow run, conclusion's mark], of the comments with a key. */
const shown = async (key: string) =>
  (await desk.comments(repo, pull.number))
    .map(({ id, body, user }) => ({ id, body: String(body), login: (user as { login: string }).login }))
    .filter(({ body }) => parseMarker(body)?.key === key)
const runsOf = async (key: string) => (await shown(key)).map(({ body, login }) => [login, parseMarker(body)?.order[0]])
const write = (body: string, as = token) =>
  desk.client(as).api.rest.issues.createComment({ owner: 'acme', repo: 'agents', issue_number: pull.number, body })

describe('the comment on a pull request', () => {
  test('is made when there is something to tell, changed in place, and left alone when nothing changed', async () => {
    await say(passing, { key: 'one' })
    expect(await shown('one')).toEqual([])
    await say(failing, { key: 'one' })
    const [before] = await shown('one')
    expect(before).toMatchObject({ login: actions, body: expect.stringContaining('❌') })
    const at = desk.requests.length
    await say(failing, { key: 'one', run: 2 })
    expect(desk.since(at)).toEqual([
      'GET /repos/{owner}/{repo}/pulls/{pull_number}',
      'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
    ])
    await say(passing, { key: 'one', run: 3 })
    const [after, ...others] = await shown('one')
    expect(after).toMatchObject({ id: before?.id, body: expect.stringContaining('✅') })
    expect(others).toEqual([])
  })

  test('is not made over by what is about a commit that is no longer the head, however the comment was left', async () => {
    await say(failing, { key: 'late', run: 5 })
    await say(failing, { key: 'late', run: 7 }) // left alone: nothing changed
    const said: string[] = []
    await say(passing, { key: 'late', run: 6, sha: 'f'.repeat(40), said })
    expect(await shown('late')).toMatchObject([{ body: expect.stringContaining('❌') }])
    expect(said.join()).toContain('gets no comment')
  })

  test('is always made, or never, when that is wanted', async () => {
    await say(passing, { key: 'always', mode: 'always' })
    expect(await runsOf('always')).toEqual([[actions, 1]])
    const at = desk.requests.length
    await say(failing, { key: 'never', mode: 'never' })
    await say({ ...failing, state: 'running' }, { key: 'never', mode: 'always' })
    expect(desk.since(at)).toEqual([])
  })

  test('never shows an older result after a newer one', async () => {
    const said: string[] = []
    await say(failing, { key: 'order', run: 7 })
    await say(passing, { key: 'order', run: 6, said })
    expect(await runsOf('order')).toEqual([[actions, 7]])
    expect(said).toEqual([`pull request ${pull.number} shows a newer result already`])
    await say(passing, { key: 'order', run: 8 })
    expect(await runsOf('order')).toEqual([[actions, 8]])
  })

  test('is found behind a hundred others, and a marker that somebody else wrote is none', async () => {
    const forged = commentBody(passing, placeOf(pull.sha), { key: 'forged', order: [999, 1] })
    await write(forged, desk.userToken('stranger'))
    await say(failing, { key: 'forged', run: 1 })
    for (let count = 0; count < 100; count++) await write(`comment ${count}`)
    await say(passing, { key: 'forged', run: 2 })
    expect(await runsOf('forged')).toEqual([
      ['stranger', 999],
      [actions, 2],
    ])
  })

  test('of two proctors are two, and of two that began at once the oldest is left, with the newest result', async () => {
    const body = (run: number) => commentBody(run === 4 ? failing : passing, placeOf(pull.sha), { key: 'race', order: [run, 1] })
    const looks = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments'
    const nothing = { instead: { status: 200, body: [] } }
    // Both have looked and found nothing before one of them writes.
    const done = desk.fault(first(2, ({ route }) => route === looks, nothing))
    await Promise.all([say(failing, { key: 'race', run: 4 }), say(passing, { key: 'race', run: 3, mode: 'always' })])
    done()
    expect(await runsOf('race')).toEqual([[actions, 4]])
    await write(body(3))
    await write(body(5))
    await say(failing, { key: 'race', run: 6 })
    expect(await runsOf('race')).toEqual([[actions, 6]])
    expect(await runsOf('always')).toEqual([[actions, 1]])
  })

  test('is one also when nobody knows who we are before we write', async () => {
    await say(failing, { key: 'unknown', run: 1, author: undefined })
    const [before] = await shown('unknown')
    await say(passing, { key: 'unknown', run: 2, author: undefined })
    await say(failing, { key: 'unknown', run: 3, author: 'somebody-else' })
    expect(await shown('unknown')).toEqual([{ id: before?.id, login: actions, body: expect.stringContaining('run=3') }])
  })

  test('that was deleted while it was to be changed is made anew', async () => {
    await say(failing, { key: 'deleted' })
    const [before] = await shown('deleted')
    const done = desk.fault(({ method }) => (method === 'PATCH' ? { instead: { status: 404, body: { message: 'Not Found' } } } : undefined))
    await desk.client(token).api.rest.issues.deleteComment({ owner: 'acme', repo: 'agents', comment_id: Number(before?.id) })
    await say(passing, { key: 'deleted', run: 2, mode: 'always' })
    done()
    expect(await runsOf('deleted')).toEqual([[actions, 2]])
  })

  test('that GitHub finds too long becomes shorter', async () => {
    const { report } = await fakeReport(memoryBlobs(), {
      stories: Array(3).fill('tests-fail'),
      evals: Array.from({ length: 60 }, (_, at) => `eval-${at}`),
    })
    const lengths: number[] = []
    const done = desk.fault(({ method, json }) => {
      if (method !== 'POST' || typeof json.body !== 'string') return undefined
      lengths.push(json.body.length)
      return json.body.length > 4000 ? { instead: { status: 422, body: { message: 'Validation Failed' } } } : undefined
    })
    await say(report, { key: 'long' })
    done()
    expect(lengths).toHaveLength(3)
    expect(await runsOf('long')).toEqual([[actions, 1]])
  })

  test.each([
    ['of a fork', { isFork: true }],
    ['without the permission', { permissions: { contents: 'read' } }],
  ])('is left out with a word where the token is %s', async (_, scope) => {
    const said: string[] = []
    await say(failing, { key: 'refused', as: await desk.jobToken(repo, scope), said })
    expect(said).toEqual([expect.stringMatching(/gets no comment: GitHub answered 403 .* the token needs `pull-requests: write`/)])
    expect(await shown('refused')).toEqual([])
  })
})
