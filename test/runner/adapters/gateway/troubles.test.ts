import { describe, expect, test } from 'vitest'
import type { Trouble } from '../../../../runner/domain/model-call.ts'
import { openGate, questions } from './gate.ts'
import { answers, type Behaviour, fails, inShape, realKey, sse } from './provider.ts'

const { anthropic, chat, gemini, responses } = questions
const streaming = { ...anthropic.body, stream: true }
const hangs: Behaviour = () => {}
const drops: Behaviour = (_, response) => void response.destroy()
const dropsInside: Behaviour = ({ url }, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(sse(inShape(url, 100, 10)[1][0]), () => response.destroy())
}
const keyInvalid = { error: { code: 400, message: 'API key not valid.', details: [{ reason: 'API_KEY_INVALID' }] } }
const noCredit = { type: 'error', error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the API.' } }
const noAccess = { error: { message: 'Project `proj_abc` does not have access to model `gpt-x`', code: 'model_not_found' } }
const noQuota = { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }

describe('a provider in trouble', () => {
  test.each<[string, Behaviour, number, Trouble | undefined, string | undefined]>([
    ['answers 400', fails(400), 400, undefined, undefined],
    ['answers 404', fails(404), 404, undefined, undefined],
    ['answers 429', fails(429, undefined, { 'retry-after': '7' }), 429, 'rate limited', 'model_upstream_failed'],
    ['answers 500', fails(500), 500, 'server error', 'model_upstream_failed'],
    ['answers 503', fails(503), 503, 'server error', 'model_upstream_failed'],
    ['answers 529', fails(529), 529, 'server error', 'model_upstream_failed'],
    ['sends a redirect', fails(302, {}, { location: 'http://elsewhere/' }), 502, 'server error', 'model_upstream_failed'],
    ['hangs up', drops, 502, 'connection lost', 'model_upstream_failed'],
    ['answers 401', fails(401), 401, 'key refused', 'model_key_refused'],
    ['has not that model for the key', fails(403, noAccess), 403, undefined, undefined],
    ['answers 403', fails(403), 403, 'key refused', 'model_key_refused'],
    ['says that the key is none', fails(400, keyInvalid), 400, 'key refused', 'model_key_refused'],
    ['says that nobody pays', fails(400, noCredit), 400, 'key refused', 'model_key_refused'],
    ['says that the quota is spent', fails(429, noQuota), 429, 'key refused', 'model_key_refused'],
  ])('that %s', async (_, behaviour, status, trouble, code) => {
    await using gate = await openGate({ behaviour, run: { costUsd: 1 } })
    const said = await gate.ask(anthropic.path, { body: anthropic.body })
    expect(said.status).toBe(status)
    expect(said.headers.location).toBeUndefined()
    expect(said.headers['retry-after']).toBe(status === 429 && trouble === 'rate limited' ? '7' : undefined)
    expect(JSON.parse(said.body)).toMatchObject({ error: expect.anything() })
    const [call] = gate.grant.calls()
    expect(call).toMatchObject({ status, costUsd: 0, tokens: { input: 0, output: 0 } })
    expect(call?.trouble).toBe(trouble)
    expect(gate.grant.trouble()?.code).toBe(code)
    expect(gate.grant.usage()).toMatchObject({ by: 'metered', calls: 1, costUsd: 0 })
    // Nobody asks again with a key that was refused.
    expect(gate.grant.over.aborted).toBe(trouble === 'key refused')
    if (trouble === 'key refused')
      expect(gate.grant.ending).toMatchObject({
        as: 'error',
        code: 'model_key_refused',
        message: expect.stringContaining('anthropic refused the key'),
      })
  })

  test('that does not answer in time', async () => {
    await using gate = await openGate({ behaviour: hangs, upstream: { PROCTOR_MODEL_TIMEOUT_S: '0.2' } })
    const said = await gate.ask(chat.path, { body: chat.body })
    expect(said).toMatchObject({ status: 504, body: expect.stringContaining('no answer in time') })
    expect(gate.grant.calls()).toMatchObject([{ status: 504, trouble: 'no answer in time', costUsd: 0 }])
    expect(gate.grant.trouble()).toMatchObject({ code: 'model_upstream_failed' })
  })

  test('that cannot be reached', async () => {
    await using gate = await openGate({ upstream: { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' } })
    expect((await gate.ask(chat.path, { body: chat.body })).status).toBe(502)
    expect(gate.grant.calls()).toMatchObject([{ status: 502, trouble: 'not reachable', costUsd: 0 }])
  })

  test('that hangs up in the middle: the agent sees it, and what was set aside is paid', async () => {
    await using gate = await openGate({ behaviour: dropsInside })
    await expect(gate.ask(anthropic.path, { body: streaming })).rejects.toThrow(/aborted|hang up|ECONNRESET/)
    expect(gate.grant.calls()).toMatchObject([{ status: 200, trouble: 'connection lost', estimated: true, tokens: { output: 100 } }])
    expect(gate.grant.trouble()).toMatchObject({ code: 'model_upstream_failed' })
  })

  test('that hangs up before the first byte of an answer that is no stream: that is said properly', async () => {
    await using gate = await openGate({
      behaviour: (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 }).flushHeaders()
        setTimeout(() => response.destroy(), 10)
      },
    })
    expect((await gate.ask(anthropic.path, { body: anthropic.body })).status).toBe(502)
    expect(gate.grant.calls()).toMatchObject([{ status: 502, trouble: 'connection lost', estimated: true }])
  })

  test('names nobody`s account or key', async () => {
    const message = `Incorrect API key provided: sk-ant-***********cdef (${realKey}). Organization org-Ab12Cd34Ef, project proj_Zz99Yy88.`
    for (const status of [400, 401, 429, 500]) {
      await using gate = await openGate({ behaviour: fails(status, { error: { message } }, { 'openai-organization': 'org-Ab12Cd34Ef' }) })
      const said = JSON.stringify(await gate.ask(chat.path, { body: chat.body }))
      const kept = JSON.stringify([gate.grant.calls(), gate.grant.trouble(), gate.grant.ending ?? ''])
      for (const text of [said, kept])
        for (const secret of [realKey, 'sk-ant-', 'org-Ab12', 'proj_Zz99'])
          expect([status, text]).not.toEqual([status, expect.stringContaining(secret)])
    }
  })
})

describe('no point in going on', () => {
  test('eight failures in a row end a run, and everything after is refused without being asked', async () => {
    await using gate = await openGate({ behaviour: fails(500) })
    for (let count = 1; count <= 8; count++) {
      expect(gate.grant.over.aborted).toBe(false)
      await gate.ask(anthropic.path, { body: anthropic.body })
    }
    expect(gate.grant.ending).toMatchObject({
      as: 'error',
      code: 'model_upstream_failed',
      message: expect.stringMatching(/8 calls.*anthropic answered 500: scripted 500/),
    })
    gate.provider.become(answers())
    for (const { path, body } of [anthropic, chat, gemini]) expect((await gate.ask(path, { body })).status).toBe(400)
    expect(gate.provider.got).toHaveLength(8)
    expect(gate.grant.calls().at(-1)).toMatchObject({ refused: expect.stringContaining('8 calls') })
    expect(gate.grant.trouble()).toMatchObject({ code: 'model_upstream_failed' })
  })

  test('an answer in between begins the count anew; the agent`s own mistakes do not', async () => {
    await using gate = await openGate({ behaviour: fails(500) })
    const ask = async (times: number) => {
      for (let count = 0; count < times; count++) await gate.ask(chat.path, { body: chat.body })
    }
    await ask(7)
    gate.provider.become(answers())
    await ask(1)
    expect(gate.grant.trouble()).toBeUndefined()
    gate.provider.become(fails(429))
    await ask(7)
    gate.provider.become(fails(400))
    await ask(3)
    expect(gate.grant.over.aborted).toBe(false)
    gate.provider.become(fails(503))
    await ask(1)
    expect(gate.grant.over.aborted).toBe(true)
  })

  test('a key that may not list models is no key that was refused', async () => {
    await using gate = await openGate({ behaviour: fails(403) })
    expect((await gate.ask('/openai/v1/models', { method: 'GET' })).status).toBe(403)
    expect(gate.grant.over.aborted).toBe(false)
    expect(gate.grant.trouble()).toBeUndefined()
  })

  test('an answer that was not recorded ends the run at once; what was nearest is for the author, not for the agent', async () => {
    await using gate = await openGate({ replay: true })
    const said = await gate.ask(responses.path, { body: responses.body })
    expect(said).toMatchObject({ status: 400, body: expect.stringContaining('not among the recorded ones') })
    expect(gate.grant.ending).toMatchObject({ as: 'error', code: 'cassette_miss', message: expect.stringContaining('gpt-5-mini') })
    expect(gate.grant.calls()).toMatchObject([{ trouble: 'not recorded', costUsd: 0 }])
  })

  test('a provider that nobody gave a key for is not there', async () => {
    await using gate = await openGate({ upstream: { GEMINI_API_KEY: '', GOOGLE_GEMINI_BASE_URL: '' } })
    expect(gate.gateway.providers).toEqual(['anthropic', 'openai'])
    expect(gate.grant.providers).toEqual(['anthropic', 'openai'])
    expect(await gate.ask(gemini.path, { body: gemini.body })).toMatchObject({
      status: 403,
      body: expect.stringContaining('PERMISSION_DENIED'),
    })
    await using own = await openGate({
      upstream: { GEMINI_API_KEY: '', GOOGLE_GEMINI_BASE_URL: '' },
      keys: new Map([['gemini', 'AIza-own-key-0000']]),
    })
    expect(own.grant.providers).toContain('gemini')
  })
})
