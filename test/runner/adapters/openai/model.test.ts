import { expect, test } from 'vitest'
import { openModel } from '../../../../runner/adapters/openai/model.ts'
import { UpstreamFailed } from '../../../../runner/adapters/upstream/send.ts'
import { openUpstream } from '../../../../runner/adapters/upstream/upstream.ts'
import type { Plan } from '../../../../runner/domain/plan.ts'
import { type Fault, judgeServer } from '../../../fakes/judge-server.ts'

const never = new AbortController().signal
const price = { 'local/fake': { input: 1000, output: 10_000, cacheRead: 100 } }
const answerCost = (100 * 1000 + 20 * 10_000) / 1e6 // of what the server says that an answer used
const request = {
  model: 'local/fake',
  messages: [{ role: 'user' as const, content: 'Well?' }],
  schema: { properties: { criteria: { items: { properties: { name: { enum: [] } } } } } },
  name: 'verdict',
  run: 'r~2',
}

async function open({ fault, limit }: { fault?: Fault; limit?: number } = {}) {
  const server = await judgeServer(fault ? { fault } : {})
  const upstream = openUpstream({ variables: { ...server.variables, LOCAL_API_KEY: 'sk-of-the-judge' } })
  upstream.setPrices(price)
  // Budgets read nothing else of a plan.
  upstream.budgets.begin(
    { budget: { costUsd: limit }, batches: [{ eval: 'e', agent: 'a', gate: {}, runs: [{ id: 'r' }] }] } as unknown as Plan,
    [],
  )
  return {
    server,
    model: openModel({ upstream, describe: String, maxRetries: 2 }),
    spent: () => upstream.budgets.purse({ id: 'r~2' }, 'judge').used.costUsd,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
const soon = { 'retry-after-ms': '1' }

test('the judge shows its own key, and its usage is priced and paid', async () => {
  await using judge = await open()
  const { usage } = await judge.model.complete(request, never)
  expect(usage).toEqual({ by: 'metered', inputTokens: 100, outputTokens: 20, costUsd: answerCost })
  expect(judge.spent()).toBeCloseTo(answerCost, 10)
  expect([...judge.server.keys]).toEqual(['sk-of-the-judge'])
})

test('refusals cost nothing, however often it is asked again', async () => {
  await using judge = await open({ fault: (n) => (n < 2 ? { status: 529, headers: soon } : undefined) })
  await judge.model.complete(request, never)
  expect(judge.server.asked).toHaveLength(3)
  expect(judge.spent()).toBeCloseTo(answerCost, 10)
})

test('an answer that breaks off pays what was set aside, for nobody knows what it cost', async () => {
  await using judge = await open({ fault: () => 'drop' })
  await expect(judge.model.complete(request, never)).rejects.toMatchObject({
    code: 'judge_failed',
    message: expect.stringMatching(/^local\/fake: local at 127\.0\.0\.1:\d+: connection lost/),
  })
  expect(judge.spent()).toBeGreaterThan(10 * answerCost)
})

test('nobody there costs nothing', async () => {
  const judge = await open()
  await judge[Symbol.asyncDispose]()
  await expect(judge.model.complete(request, never)).rejects.toMatchObject({
    code: 'judge_failed',
    message: expect.stringContaining('not reachable'),
  })
  expect(judge.spent()).toBe(0)
})

test('with the budget of the plan spent, the judge is not asked', async () => {
  await using judge = await open({ limit: answerCost })
  await judge.model.complete(request, never)
  await expect(judge.model.complete(request, never)).rejects.toMatchObject({
    code: 'judge_failed',
    message: expect.stringMatching(/was not asked: The budget of the plan/),
  })
  expect(judge.server.asked).toHaveLength(1)
})

test('several samples at once learn together that a server takes no schema', async () => {
  await using judge = await open({ fault: (_, { structured }) => (structured ? { status: 400 } : undefined) })
  const answers = await Promise.all([1, 2, 3].map(() => judge.model.complete(request, never)))
  expect(answers).toHaveLength(3)
})

test('an answer that was never recorded ends in cassette_miss at once, with what the recordings say', async () => {
  const { chat, cost, budgets } = openUpstream({ variables: {}, replay: { agent: '/none', judge: '/none' } })
  let asked = 0
  const send = () => {
    asked++
    return Promise.reject(new UpstreamFailed('not recorded', 'the nearest one differs in `messages`'))
  }
  const model = openModel({ upstream: { chat, cost, budgets, send }, describe: String })
  await expect(model.complete({ ...request, model: 'acme/x' }, never)).rejects.toMatchObject({
    code: 'cassette_miss',
    message: 'the nearest one differs in `messages`',
  })
  expect(asked).toBe(1)
})

test('whoever asked goes away: the reason is theirs', async () => {
  const leaving = new AbortController()
  await using judge = await open({
    fault: () => {
      leaving.abort(new Error('done with it'))
      return { status: 500, headers: soon }
    },
  })
  await expect(judge.model.complete(request, leaving.signal)).rejects.toThrow('done with it')
})
