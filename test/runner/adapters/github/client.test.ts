import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openBudget, openGitHub } from '../../../../runner/adapters/github/github.ts'
import { pace } from '../../../../runner/adapters/github/pace.ts'

/** A server that answers as the test says, one answer after the other; the last one again and again. */
type Reply = (request: IncomingMessage, response: ServerResponse) => void
let replies: Reply[] = []
const asked: { readonly line: string; readonly headers: IncomingMessage['headers'] }[] = []
const server = createServer((request, response) => {
  asked.push({ line: `${request.method} ${request.url}`, headers: request.headers })
  request.resume().on('end', () => (replies.length > 1 ? replies.shift() : replies[0])?.(request, response))
})
let origin: string
beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => void asked.splice(0))
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const token = 'ghs_0123456789abcdefABCDEF'
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'x-github-request-id': 'AB:12', ...headers })
      .end(JSON.stringify(body))
const ok = json(200, { id: 1 })
const said: string[] = []
function client({ prefix = '', timeoutMs = 5000 } = {}) {
  said.splice(0)
  return openGitHub({ token, apiUrl: `${origin}${prefix}`, version: '1.2.3', log: (line) => void said.push(line), secondMs: 1, timeoutMs })
    .api
}
const own = { owner: 'acme', repo: 'agents' }
const read = (api = client()) => api.rest.repos.get(own)
const create = (api = client()) => api.rest.issues.createComment({ ...own, issue_number: 1, body: 'text' })
const change = (api = client()) => api.rest.issues.updateComment({ ...own, comment_id: 1, body: 'text' })
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => error,
  )

describe('the client', () => {
  test("speaks to the address that it was given, below an Enterprise Server's path, and says who it is", async () => {
    replies = [ok]
    await read(client({ prefix: '/api/v3/' }))
    expect(asked.map(({ line }) => line)).toEqual(['GET /api/v3/repos/acme/agents'])
    expect(asked[0]?.headers).toMatchObject({ authorization: `token ${token}`, 'user-agent': expect.stringMatching(/^proctor\/1\.2\.3 /) })
  })

  test.each([
    ['a limit on bursts', json(403, { message: 'You have exceeded a secondary rate limit.' }, { 'retry-after': '7' })],
    ['the same in older words', json(403, { message: 'You have triggered an abuse detection mechanism.' }, { 'retry-after': '7' })],
    ['too many requests', json(429, { message: 'Too many requests' }, { 'retry-after': '7' })],
  ])('waits for %s as it is told to, for a create too', async (_, limited) => {
    for (const ask of [create, change, read]) {
      replies = [limited, limited, ok]
      asked.splice(0)
      await ask()
      expect(asked).toHaveLength(3)
      expect(said[0]).toMatch(/^GitHub's limit on bursts is reached: (GET|POST|PATCH) \/repos\/acme\/agents\S* waits 7 s, as it asks$/)
    }
  })

  test('waits until the hour is over, and not when that is further away than an hour', async () => {
    const limited = (seconds: number) =>
      json(
        403,
        { message: 'API rate limit exceeded' },
        { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + seconds) },
      )
    replies = [limited(60), ok]
    await create()
    expect(said).toEqual([expect.stringMatching(/^GitHub's hourly limit is reached: POST .* waits 6\d s, as it asks$/)])
    replies = [limited(7200)]
    asked.splice(0)
    expect(await failure(create())).toMatchObject({ code: 'github_limited' })
    expect(asked).toHaveLength(1)
  })

  test('gives up in the end', async () => {
    replies = [json(429, { message: 'Too many requests' }, { 'retry-after': '1' })]
    for (const ask of [create, change, read]) {
      asked.splice(0)
      expect(await failure(ask())).toMatchObject({ code: 'github_limited', message: expect.stringContaining('GitHub answered 429 to') })
      expect(asked).toHaveLength(3)
    }
  })

  const broken: readonly (readonly [string, Reply])[] = [
    ['502', (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>')],
    ['no connection', (request) => request.socket.destroy()],
    [
      'a cut answer',
      (_, response) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 50 }).write('{"id"', () => response.destroy()),
    ],
    ['half an answer', (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"id": 1, "bo')],
    ['a page of a proxy', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>')],
    ['nothing', (_, response) => response.writeHead(200).end()],
  ]
  test.each(broken)('after %s it asks again what may be asked again, and a create not', async (_, reply) => {
    for (const ask of [change, read]) {
      replies = [reply, reply, ok]
      asked.splice(0)
      await ask()
      expect(asked).toHaveLength(3)
    }
    replies = [reply]
    asked.splice(0)
    expect(await failure(create())).toMatchObject({ code: 'github_failed', isLost: true })
    expect(asked).toHaveLength(1)
    expect(await failure(read())).toMatchObject({ code: 'github_failed', isLost: true })
    expect(asked).toHaveLength(5)
  })

  test('does not wait for ever', async () => {
    replies = [() => {}]
    const error = await failure(create(client({ timeoutMs: 100 })))
    expect(error).toMatchObject({
      code: 'github_failed',
      message: expect.stringMatching(/^no answer to POST \/repos\/acme\/agents\/issues\/1\/comments: .*timeout/),
    })
    replies = [(_, response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{')]
    expect(await failure(create(client({ timeoutMs: 100 })))).toMatchObject({ isLost: true })
  })

  test.each([
    [401, 'Bad credentials', {}, 'github_refused', ''],
    [403, 'Resource not accessible by integration', {}, 'github_refused', '; the token needs `pull-requests: write`'],
    [
      403,
      'Resource not accessible by integration',
      { 'x-accepted-github-permissions': 'issues=write; pull_requests=write' },
      'github_refused',
      '; the token needs `issues: write` or `pull-requests: write`',
    ],
    [404, 'Not Found', {}, 'github_refused', '; it is not there, or the token may not see it'],
    [409, 'Conflict', {}, 'github_failed', ''],
    [422, 'Validation Failed', {}, 'github_failed', ''],
  ])(
    'says of %i what was asked, what came, what is needed, and the number of the request',
    async (status, message, headers, code, hint) => {
      replies = [json(status, { message, documentation_url: 'https://docs.github.com/rest' }, headers)]
      const error = await failure(create())
      expect(error).toMatchObject({ code, status })
      expect(String((error as Error).message)).toBe(
        `GitHub answered ${status} to POST /repos/acme/agents/issues/1/comments: ${message}${hint} (request AB:12)`,
      )
    },
  )

  test('never says the token, nor what the request held', async () => {
    replies = [json(403, { message: `the token ${token} is bad\u001b[31m\n::error::` })]
    const error = await failure(create())
    const shown = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).stack)
    expect(shown).not.toContain(token)
    expect(shown).not.toContain('authorization')
    for (const char of ['\n', '\u001b']) expect((error as Error).message).not.toContain(char)
    expect((error as Error).cause).toBeUndefined()
  })
})

test('writes are let through in a burst, then spaced', async () => {
  const limiter = pace([{ atOnce: 3, everyMs: 60 }]).limiter.key('x')
  const start = performance.now()
  const done: number[] = []
  await Promise.all(Array.from({ length: 5 }, (_, at) => limiter.schedule({}, async () => void done.push(at))))
  expect(performance.now() - start).toBeGreaterThanOrEqual(115)
  expect(done).toEqual([0, 1, 2, 3, 4])
})

describe('what may be written', () => {
  const twice = [{ atOnce: 4, everyMs: 20 }]
  const nothing = async () => {}

  test('is one for all who share it, by every rate that holds', async () => {
    const due: number[] = []
    const [one, other] = [pace(twice, { due }), pace(twice, { due })]
    const start = performance.now()
    for (const { limiter } of [one, other, one, other, one, other]) await limiter.key('x').schedule({}, nothing)
    expect(performance.now() - start).toBeGreaterThanOrEqual(35)
    const hourly = pace([...twice, { atOnce: 2, everyMs: 10_000 }], { mostMs: 1000 })
    for (let at = 0; at < 2; at++) await hourly.limiter.key('x').schedule({}, nothing)
    await expect(hourly.limiter.key('x').schedule({}, nothing)).rejects.toMatchObject({ code: 'github_limited', isLost: false })
  })

  test('is left to what matters when half of it is used', async () => {
    const { limiter, hasRoom } = pace([{ atOnce: 4, everyMs: 10_000 }])
    const before: boolean[] = []
    for (let at = 0; at < 4; at++) {
      before.push(hasRoom())
      await limiter.key('x').schedule({}, nothing)
    }
    expect([...before, hasRoom()]).toEqual([true, true, true, false, false])
  })

  test('is shared by all clients of an account, of whichever repository', async () => {
    replies = [ok]
    const budget = openBudget()
    const open = () => openGitHub({ token, apiUrl: origin, version: '1.2.3', log: () => {}, secondMs: 10_000, budget, patience: 0.001 }).api
    const [one, other] = [open(), open()]
    const progress = (api: ReturnType<typeof open>) => api.rest.checks.update({ ...own, check_run_id: 1, request: { patient: false } })
    for (let at = 0; at < 11; at++) await change(one)
    expect(await failure(progress(other)), 'progress can wait').toMatchObject({ code: 'github_limited' })
    for (let at = 0; at < 9; at++) await change(other)
    const before = asked.length
    expect(await failure(change(one)), 'the twenty are used up').toMatchObject({ code: 'github_limited' })
    expect(asked).toHaveLength(before)
    expect(await failure(change(client())), 'another account has its own').toBe('no error')
  })
})
