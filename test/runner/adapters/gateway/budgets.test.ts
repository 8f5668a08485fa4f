import { describe, expect, test } from 'vitest'
import { fakePlan } from '../../../fakes/plans.ts'
import { openGate, questions } from './gate.ts'
import { answers, type Behaviour, inShape, sse } from './provider.ts'

const { anthropic, chat, gemini, responses } = questions
/** claude-haiku-4-5 costs 1 and 5 dollars a million: this is what `answers` charges for. */
const price = (100 * 1 + 10 * 5) / 1e6
const unknown = { ...chat, body: { ...chat.body, model: 'some-model-of-nobody' } }

describe('a budget', () => {
  test.each([
    ['cost', { costUsd: price * 2.5 }],
    ['tokens', { tokens: 250 }],
  ] as const)('of %s ends the run when it is spent: final, in words, and nothing is asked any more', async (limit, run) => {
    await using gate = await openGate({ run })
    const asked = []
    for (let count = 0; count < 5; count++) asked.push(await gate.ask(anthropic.path, { body: anthropic.body }))
    expect(asked.map(({ status }) => status)).toEqual([200, 200, 200, 400, 400])
    expect(JSON.parse(asked[3]?.body ?? '')).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining('budget') },
    })
    expect(asked[3]?.headers['retry-after']).toBeUndefined()
    expect(gate.grant.ending).toEqual({ as: 'limit', limit })
    expect(gate.grant.over.aborted).toBe(true)
    expect(gate.grant.trouble()).toBeUndefined()
    expect(gate.provider.got).toHaveLength(3)
    expect(gate.grant.usage()).toMatchObject({ calls: 3, inputTokens: 300, outputTokens: 30, costUsd: expect.closeTo(price * 3, 9) })
    expect(gate.grant.calls().slice(3)).toMatchObject([
      { status: 400, refused: expect.stringContaining('budget'), costUsd: 0 },
      { status: 400 },
    ])
  })

  test('in dollars lets no model through that has no price, and says where one is set', async () => {
    await using gate = await openGate({ run: { costUsd: 1 } })
    const said = await gate.ask(unknown.path, { body: unknown.body })
    expect(said).toMatchObject({ status: 400, body: expect.stringMatching(/openai\/some-model-of-nobody.*prices.*proctor\.yml/) })
    expect(gate.provider.got).toEqual([])
    expect(gate.grant.over.aborted).toBe(false)
    await using without = await openGate({ run: { tokens: 100_000 } })
    expect((await without.ask(unknown.path, { body: unknown.body })).status).toBe(200)
    expect(without.grant.usage()).toMatchObject({ inputTokens: 100, costUsd: 0 })
  })

  test.each<[string, { readonly path: string; readonly body: object }, object]>([
    ['priority of Responses', responses, { service_tier: 'priority' }],
    ['priority of Chat', chat, { service_tier: 'priority' }],
    ['a tier that is new', chat, { service_tier: 'turbo' }],
    ['a tier that is no text', chat, { service_tier: { name: 'default' } }],
    ['priority of Gemini', gemini, { serviceTier: 'PRIORITY' }],
    ['speed of Anthropic', anthropic, { speed: 'fast' }],
    ['one country of Anthropic', anthropic, { inference_geo: 'us' }],
  ])('in dollars does not let through what costs more than the model is listed with: %s', async (_, { path, body }, more) => {
    await using gate = await openGate({ run: { costUsd: 1 } })
    const said = await gate.ask(path, { body: { ...body, ...more } })
    expect(said).toMatchObject({ status: 400, body: expect.stringContaining('costs more than') })
    expect(gate.provider.got).toEqual([])
    await using without = await openGate({ run: { tokens: 100_000 } })
    expect((await without.ask(path, { body: { ...body, ...more } })).status).toBe(200)
  })

  test.each([
    [responses, { service_tier: 'flex' }],
    [chat, { service_tier: 'auto' }],
    [anthropic, { service_tier: 'standard_only', speed: 'standard', inference_geo: 'global' }],
  ])('in dollars lets the usual tiers through', async ({ path, body }, more) => {
    await using gate = await openGate({ run: { costUsd: 1 } })
    expect((await gate.ask(path, { body: { ...body, ...more } })).status).toBe(200)
  })

  test('of the batch and of the plan counts as well, and prices of the plan do', async () => {
    const plan = fakePlan({ evals: ['eval'], gate: { maxCostUsd: 1 } })
    const renamed = { ...plan, batches: plan.batches.map((batch) => ({ ...batch, agent: 'agent' })) }
    await using batch = await openGate({ plan: renamed })
    expect((await batch.ask(unknown.path, { body: unknown.body })).status).toBe(400)
    await using whole = await openGate({ plan: { ...plan, budget: { costUsd: 1 } } })
    expect((await whole.ask(unknown.path, { body: unknown.body })).status).toBe(400)
    await using priced = await openGate({ plan: { ...renamed, prices: { 'openai/some-model-*': { input: 100, output: 1000 } } } })
    expect((await priced.ask(unknown.path, { body: unknown.body })).status).toBe(200)
    expect(priced.grant.usage().costUsd).toBeCloseTo((100 * 100 + 10 * 1000) / 1e6, 9)
  })

  test('is shared by the runs of a plan', async () => {
    const plan = { ...fakePlan(), budget: { costUsd: price * 1.5 } }
    await using gate = await openGate({ plan })
    const second = await gate.admit()
    expect((await gate.ask(anthropic.path, { body: anthropic.body })).status).toBe(200)
    expect((await second.ask(anthropic.path, { body: anthropic.body })).status).toBe(200)
    expect((await gate.ask(anthropic.path, { body: anthropic.body })).status).toBe(400)
    expect(second.grant.over.aborted).toBe(false)
    expect((await second.ask(anthropic.path, { body: anthropic.body })).status).toBe(400)
    expect(second.grant.ending).toEqual({ as: 'limit', limit: 'cost' })
  })

  test('holds with fifty requests at once, of which most go away: the sum exceeds it by no more than one reservation', async () => {
    const arrived = new Map(Array.from({ length: 50 }, (_, index) => [index, Promise.withResolvers<void>()]))
    const halfway: Behaviour = ({ url }, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(sse(inShape(url, 100, 10)[1][0]))
    }
    const behaviours: readonly Behaviour[] = [answers(), halfway, () => {}]
    const budget = 0.02
    await using gate = await openGate({
      run: { costUsd: budget },
      behaviour: (got, response) => {
        const index = Number(got.headers['x-index'])
        arrived.get(index)?.resolve()
        return behaviours[index % 3]?.(got, response)
      },
    })
    const body = { ...anthropic.body, stream: true }
    /** The most that one of them can cost. */
    const worst = (JSON.stringify(body).length / 2 + 1001 + 100 * 5) / 1e6
    let most = 0
    const watch = () => {
      most = Math.max(most, gate.grant.usage().costUsd)
    }

    /** A third reads to the end, a third leaves in the middle, a third before the answer; some of those before they are even let through. */
    async function ask(index: number): Promise<number | 'left'> {
      const leave = new AbortController()
      const headers = { 'x-api-key': gate.grant.token, 'x-index': String(index) }
      const asked = gate.open(anthropic.path, { headers, body, signal: leave.signal })
      if (index % 10 === 8) setImmediate(() => leave.abort())
      if (index % 3 === 2) void arrived.get(index)?.promise.then(() => leave.abort())
      try {
        const response = await asked
        for await (const _ of response) {
          watch()
          if (response.statusCode === 200 && index % 3 === 1) leave.abort()
        }
        return response.statusCode ?? 0
      } catch {
        return 'left'
      } finally {
        watch()
      }
    }
    const ended = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(index)))
    expect(
      Map.groupBy(ended, (one) => one)
        .keys()
        .toArray()
        .map(String)
        .toSorted(),
    ).toEqual(['200', '400', 'left'])
    expect(gate.grant.ending).toEqual({ as: 'limit', limit: 'cost' })
    await gate.grant[Symbol.asyncDispose]()
    watch()
    expect(most).toBeGreaterThanOrEqual(budget)
    expect(most).toBeLessThanOrEqual(budget + worst)
    const calls = gate.grant.calls()
    expect(calls.length).toBeGreaterThanOrEqual(45)
    expect(calls.filter(({ estimated }) => estimated).length).toBeGreaterThan(5)
    expect(gate.grant.usage().costUsd).toBeCloseTo(
      calls.reduce((sum, { costUsd }) => sum + costUsd, 0),
      9,
    )
    expect(gate.provider.got.length * price).toBeLessThanOrEqual(gate.grant.usage().costUsd)
  })
})
