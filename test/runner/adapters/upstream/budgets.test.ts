import { describe, expect, test } from 'vitest'
import { type Amount, openBudgets, type Reservation, Spent } from '../../../../runner/adapters/upstream/budgets.ts'
import type { Plan } from '../../../../runner/domain/plan.ts'
import type { Result } from '../../../../runner/domain/result.ts'

const never = new AbortController().signal
type Limits = { readonly tokens?: number; readonly costUsd?: number }
type Sketch = { readonly plan?: number; readonly batches: Record<string, { readonly max?: number; readonly runs: readonly string[] }> }

/** `Budgets` reads nothing else of a plan. */
const sketch = ({ plan, batches }: Sketch) =>
  ({
    budget: plan === undefined ? {} : { costUsd: plan },
    batches: Object.entries(batches).map(([name, { max, runs }]) => ({
      eval: name,
      agent: 'a',
      gate: max === undefined ? {} : { maxCostUsd: max },
      runs: runs.map((id) => ({ id })),
    })),
  }) as unknown as Plan
const spent = (id: string, run: number, judge = 0) =>
  ({ run: { id }, record: { usage: { costUsd: run } }, grade: { usage: { costUsd: judge } } }) as unknown as Result
const run = (id: string, limits: Limits = {}) => ({ id, limits: { wallMs: 1, turns: 1, ...limits } })
const dollars = (costUsd: number): Amount => ({ tokens: 0, costUsd })

/** What became of a promise by now: everything here is decided without waiting for anything. */
async function state(promise: Promise<Reservation>): Promise<'waits' | 'has' | 'spent' | 'aborted'> {
  const later = new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits')))
  return Promise.race([
    promise.then(
      () => 'has' as const,
      (thrown) => (thrown instanceof Spent ? 'spent' : 'aborted'),
    ),
    later,
  ])
}

describe('the limits of a run', () => {
  test('what was paid counts, and not what was set aside for it', async () => {
    const purse = openBudgets().purse(run('r', { costUsd: 1 }), 'agent')
    const first = await purse.reserve(dollars(0.9), never)
    expect(purse.used.costUsd).toBe(0.9)
    first.settle(dollars(0.2))
    first.settle(dollars(50))
    expect(purse.used.costUsd).toBe(0.2)
    const second = await purse.reserve(dollars(0.8), never)
    second.settle()
    await expect(purse.reserve(dollars(0), never)).rejects.toMatchObject({
      limit: 'cost',
      message: expect.stringContaining('the run, 1 US'),
    })
  })

  test('tokens are a limit of their own', async () => {
    const purse = openBudgets().purse(run('r', { tokens: 100 }), 'agent')
    const first = await purse.reserve({ tokens: 100, costUsd: 0 }, never)
    const second = purse.reserve({ tokens: 1, costUsd: 0 }, never)
    expect(await state(second)).toBe('waits')
    first.settle()
    await expect(second).rejects.toMatchObject({ limit: 'tokens' })
  })

  test('one request alone goes through as long as anything is left, and others wait for it in order', async () => {
    const purse = openBudgets().purse(run('r', { costUsd: 1 }), 'agent')
    const large = await purse.reserve(dollars(10), never)
    const waiting = [purse.reserve(dollars(0.9), never), purse.reserve(dollars(0.01), never)]
    expect(await Promise.all(waiting.map(state))).toEqual(['waits', 'waits'])
    large.settle(dollars(0.5))
    expect(await Promise.all(waiting.map(state)), 'the small one does not overtake').toEqual(['has', 'waits'])
  })

  test('do not hold for its judge', async () => {
    const budgets = openBudgets()
    const agent = budgets.purse(run('r', { costUsd: 1 }), 'agent')
    ;(await agent.reserve(dollars(1), never)).settle()
    const judge = await budgets.purse(run('r', { costUsd: 1 }), 'judge').reserve(dollars(5), never)
    judge.settle()
    expect(budgets.purse({ id: 'r' }, 'judge').used.costUsd).toBe(5)
    expect(budgets.purse(run('r'), 'agent')).toBe(agent)
  })
})

describe('the limits of batch and plan', () => {
  test('hold for all their runs, later attempts and judges together', async () => {
    const budgets = openBudgets()
    budgets.begin(sketch({ plan: 10, batches: { one: { max: 2, runs: ['a', 'b'] }, two: { runs: ['c'] } } }), [])
    ;(await budgets.purse(run('a'), 'agent').reserve(dollars(1), never)).settle()
    ;(await budgets.purse(run('b~2'), 'judge').reserve(dollars(1), never)).settle()
    await expect(budgets.purse(run('a~3'), 'agent').reserve(dollars(0.1), never)).rejects.toThrow(/the batch a \/ one, 2 US dollars/)
    ;(await budgets.purse(run('c'), 'agent').reserve(dollars(8), never)).settle()
    await expect(budgets.purse(run('c'), 'agent').reserve(dollars(0.1), never)).rejects.toThrow(/the plan, 10 US dollars/)
  })

  test('include what earlier starts spent, on runs and on judgements', async () => {
    const budgets = openBudgets()
    budgets.begin(sketch({ plan: 3, batches: { one: { max: 2, runs: ['a', 'b'] }, two: { runs: ['c'] } } }), [
      spent('a', 1, 0.5),
      spent('a~2', 0.5),
      spent('c', 0.5),
    ])
    await expect(budgets.purse(run('b'), 'agent').reserve(dollars(0.1), never)).rejects.toThrow(/one/)
    const purse = budgets.purse(run('c'), 'agent')
    ;(await purse.reserve(dollars(0.5), never)).settle()
    await expect(purse.reserve(dollars(0.1), never)).rejects.toThrow(/the plan/)
  })

  test('a run that waits for itself holds up nobody else', async () => {
    const budgets = openBudgets()
    budgets.begin(sketch({ plan: 10, batches: { one: { runs: ['a', 'b'] } } }), [])
    const a = budgets.purse(run('a', { costUsd: 1 }), 'agent')
    await a.reserve(dollars(1), never)
    const waits = a.reserve(dollars(1), never)
    expect(await state(waits)).toBe('waits')
    expect(await state(budgets.purse(run('b'), 'agent').reserve(dollars(8), never))).toBe('has')
  })

  test('a large request is not overtaken for ever', async () => {
    const budgets = openBudgets()
    budgets.begin(sketch({ plan: 10, batches: { one: { runs: ['a', 'b', 'c'] } } }), [])
    const [a, b, c] = ['a', 'b', 'c'].map((id) => budgets.purse(run(id), 'agent'))
    const held = await a?.reserve(dollars(4), never)
    const large = b?.reserve(dollars(9), never) as Promise<Reservation>
    const small = c?.reserve(dollars(1), never) as Promise<Reservation>
    expect([await state(large), await state(small)]).toEqual(['waits', 'waits'])
    held?.settle(dollars(0))
    expect([await state(large), await state(small)]).toEqual(['has', 'has'])
  })
})

describe('whoever goes away', () => {
  test('leaves the queue, and those behind it move up', async () => {
    const purse = openBudgets().purse(run('r', { costUsd: 1 }), 'agent')
    await purse.reserve(dollars(0.5), never)
    const leaving = new AbortController()
    const large = purse.reserve(dollars(1), leaving.signal)
    const small = purse.reserve(dollars(0.1), never)
    expect([await state(large), await state(small)]).toEqual(['waits', 'waits'])
    leaving.abort(new Error('gone'))
    expect([await state(large), await state(small)]).toEqual(['aborted', 'has'])
    await expect(large).rejects.toThrow('gone')
    await expect(purse.reserve(dollars(0.1), leaving.signal)).rejects.toThrow('gone')
    expect(purse.used.costUsd).toBeCloseTo(0.6, 10)
  })
})

/** Mulberry32: the same numbers on every machine. */
function numbers(seed: number) {
  let at = seed
  return () => {
    at = (at + 0x6d2b79f5) | 0
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  '50 requests at once with aborts, settled in any order, exceed no budget by more than was set aside, and none waits for ever (%d)',
  async (seed) => {
    const random = numbers(seed)
    const between = (least: number, most: number) => least + random() * (most - least)
    const budgets = openBudgets()
    const runs = ['a', 'b', 'c', 'd', 'e'].map((id) => run(id, { costUsd: between(0.5, 4), tokens: between(500, 4000) }))
    const plan = sketch({ plan: between(2, 8), batches: { one: { max: between(1, 5), runs: ['a', 'b', 'c'] }, two: { runs: ['d', 'e'] } } })
    budgets.begin(plan, [])

    const paid = new Map<string, number>()
    const held = new Map<Reservation, { readonly id: string; readonly worst: Amount }>()
    /** The largest that was let through: one alone may go beyond what is left. */
    let most = 0
    const ended: string[] = []
    const requests = Array.from({ length: 50 }, (_, n) => {
      const asker = runs[Math.floor(random() * runs.length)] ?? run('a')
      const worst = { tokens: between(1, 1500), costUsd: between(0.01, 1.5) }
      const leaving = new AbortController()
      const answer = budgets
        .purse(asker, 'agent')
        .reserve(worst, leaving.signal)
        .then((reservation) => {
          held.set(reservation, { id: asker.id, worst })
          most = Math.max(most, worst.costUsd)
        })
        .then(
          () => ended.push(`has ${n}`),
          () => ended.push(`none ${n}`),
        )
      return { leaving, answer }
    })
    while (ended.length < 50 || held.size > 0) {
      await new Promise((next) => setImmediate(next))
      if (held.size === 0 && ended.length < 50) expect.unreachable(`${50 - ended.length} wait, and nothing is under way`)
      if (random() < 0.2) requests[Math.floor(random() * 50)]?.leaving.abort()
      const [reservation, { id, worst }] = [...held][Math.floor(random() * held.size)] ?? [undefined, { id: '', worst: dollars(0) }]
      if (!reservation) continue
      held.delete(reservation)
      const actual = random() < 0.3 ? undefined : { tokens: worst.tokens * random(), costUsd: worst.costUsd * random() }
      reservation.settle(actual)
      paid.set(id, (paid.get(id) ?? 0) + (actual ?? worst).costUsd)
    }
    await Promise.all(requests.map(({ answer }) => answer))

    const of = (ids: readonly string[]) => sumOf(ids.map((id) => paid.get(id) ?? 0))
    for (const { id, limits } of runs) expect(of([id])).toBeLessThanOrEqual((limits.costUsd ?? 0) + most)
    expect(of(['a', 'b', 'c'])).toBeLessThanOrEqual((plan.batches[0]?.gate.maxCostUsd ?? 0) + most)
    expect(of(['a', 'b', 'c', 'd', 'e'])).toBeLessThanOrEqual((plan.budget.costUsd ?? 0) + most)
    expect(ended.some((how) => how.startsWith('has'))).toBe(true)
  },
)

const sumOf = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
