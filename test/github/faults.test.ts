import { Octokit } from '@octokit/rest'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type Fault, faults, first } from '../support/github/faults.ts'
import { openHub } from '../support/github/hub.ts'

const place = { owner: 'acme', repo: 'agents' }
const hub = await openHub()
const repo = await hub.repository('acme/agents')
const sha = await repo.commit({ 'a.txt': 'a' })
await repo.push()
const { rest } = new Octokit({ baseUrl: hub.apiUrl, auth: await hub.jobToken('acme/agents'), log: silent() })
afterAll(() => hub[Symbol.asyncDispose]())

let end = () => {}
afterEach(() => end())
/** The fault holds for the next request alone. */
const strike = (fault: Fault) => {
  end = hub.fault(first(1, () => true, fault))
}
const create = (name: string, signal?: AbortSignal) =>
  rest.checks.create({ ...place, name, head_sha: sha, ...(signal && { request: { signal } }) })
const made = async (name: string) => (await hub.checkRuns('acme/agents', sha)).filter((run) => run.name === name).length
function silent() {
  const nothing = () => {}
  return { debug: nothing, info: nothing, warn: nothing, error: nothing }
}

const refusals: readonly (readonly [name: string, fault: Fault, status: number, message: RegExp])[] = [
  ['unauthorized', faults.unauthorized, 401, /Bad credentials/],
  ['forbidden', faults.forbidden, 403, /not accessible by integration/],
  ['missing', faults.missing, 404, /Not Found/],
  ['conflict', faults.conflict, 409, /empty/],
  ['too long', faults.tooLong, 422, /body is too long/],
  ['broken', faults.broken, 500, /Server Error/],
  ['bad gateway', faults.badGateway, 502, /Bad Gateway/],
  ['unavailable', faults.unavailable, 503, /Unavailable/],
]
test.each(refusals.map(([name, fault, status, message]) => ({ name, fault, status, message })))(
  '$name: nothing is done, and the answer says so',
  async ({ name, fault, status, message }) => {
    strike(fault)
    await expect(create(name)).rejects.toMatchObject({ status, message: expect.stringMatching(message) })
    expect(await made(name)).toBe(0)
    expect(hub.requests.at(-1)).toMatchObject({ method: 'POST', status, who: 'github-actions[bot]' })
    await create(name)
    expect(await made(name)).toBe(1)
  },
)

test('limits say when to come again', async () => {
  strike(faults.secondary(7))
  await expect(create('x')).rejects.toMatchObject({ status: 403, response: { headers: { 'retry-after': '7' } } })
  end()
  strike(faults.tooMany(8))
  await expect(create('x')).rejects.toMatchObject({ status: 429, response: { headers: { 'retry-after': '8' } } })
  end()
  strike(faults.primary(60))
  await expect(create('x')).rejects.toMatchObject({ status: 403, response: { headers: { 'x-ratelimit-remaining': '0' } } })
})

test('an answer can be lost after the work', async () => {
  strike(faults.lost)
  await expect(create('lost')).rejects.toMatchObject({ status: 502 })
  expect(await made('lost')).toBe(1)
  end()
  strike(faults.lostConnection)
  await expect(create('cut')).rejects.toMatchObject({ status: 500 })
  expect(await made('cut')).toBe(1)
  expect(hub.requests.at(-1)?.status).toBe('cut')
})

test('a connection can be refused, cut in the middle of an answer, and hang', async () => {
  strike(faults.refused)
  await expect(create('refused')).rejects.toThrow()
  expect(await made('refused')).toBe(0)
  end()
  strike(faults.truncated)
  // The client takes it for a success without content; who relies on the content has to look.
  expect(await create('truncated')).toMatchObject({ status: 201, data: '' })
  expect(await made('truncated')).toBe(1)
  end()
  strike(faults.hangs)
  await expect(create('hanging', AbortSignal.timeout(300))).rejects.toThrow(/abort|timeout/i)
  expect(await made('hanging')).toBe(0)
  expect(hub.requests.at(-1)?.status).toBe('hanging')
  end()
  strike({ delay: 20 })
  await create('late')
  expect(await made('late')).toBe(1)
})

test('a fault is chosen by what is asked, by whom, and how often before', async () => {
  end = hub.fault(({ route, json, who, before }) =>
    route.startsWith('POST') && json.name === 'chosen' && who.endsWith('[bot]') && before > 0 ? faults.conflict : undefined,
  )
  await create('another')
  await expect(create('chosen')).rejects.toMatchObject({ status: 409 })
  end()
  await create('chosen')
})

test('what was asked stays on record even when it was wrong', async () => {
  await expect(
    rest.checks.create({ ...place, name: 'x', head_sha: sha, output: { title: 'x'.repeat(256), summary: '' } }),
  ).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('title is longer than 255'),
  })
  expect(hub.violations).toEqual([
    { method: 'POST', path: '/repos/acme/agents/check-runs', problems: ['/output/title is longer than 255 characters'] },
  ])
  expect(hub.wrongAnswers).toEqual([])
})
