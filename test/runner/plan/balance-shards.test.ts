import { expect, test } from 'vitest'
import { balanceShards } from '../../../runner/plan/balance-shards.ts'
import { fakePlan } from '../../fakes/plans.ts'

const nobody = () => undefined
const plan = (samples: number, epochs = 1) => fakePlan({ samples, epochs, base: true }).batches
const names = (samples: number) => [...new Set(plan(samples).flatMap(({ runs }) => runs.map(({ sample }) => sample.id)))]

test('the longest first, each to the shard that has least to do', () => {
  const [a = '', b = '', c = '', d = ''] = names(4)
  const known = new Map([
    [a, 50],
    [b, 40],
    [c, 30],
    [d, 20],
  ])
  expect(balanceShards(plan(4), { of: 2, durations: (id) => known.get(id) })).toEqual([
    [a, d],
    [b, c],
  ])
})

test('a sample that nobody knows takes as long as the others do; nobody knows any: all alike', () => {
  const [slow = '', fast = '', ...rest] = names(6)
  const known = new Map([
    [slow, 300],
    [fast, 100],
  ])
  const shards = balanceShards(plan(6), { of: 2, durations: (id) => known.get(id) })
  expect(shards.map((ids) => ids.length)).toEqual([3, 3])
  expect(shards.find((ids) => ids.includes(slow))).toContain(fast)
  expect(shards.flat().sort()).toEqual([slow, fast, ...rest].sort())
  expect(balanceShards(plan(7), { of: 3, durations: nobody }).map((ids) => ids.length)).toEqual([3, 2, 2])
})

test('a sample counts as often as head runs it; more shards than samples leaves some without', () => {
  const [twice] = fakePlan({ samples: 1, epochs: 3 }).batches
  const batches = [
    ...plan(3).map((batch) => ({ ...batch, runs: batch.runs.filter(({ sample }) => sample.id !== twice?.runs[0]?.sample.id) })),
    ...(twice ? [twice] : []),
  ]
  const shards = balanceShards(batches, { of: 2, durations: nobody })
  expect(shards).toContainEqual([twice?.runs[0]?.sample.id])
  expect(balanceShards(plan(1), { of: 3, durations: nobody }).map((ids) => ids.length)).toEqual([1, 0, 0])
})

/** The same numbers every time. */
function* numbers(seed: number) {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state
  }
}

test('every sample is in one shard, no shard has more than twice the best, and every machine finds the same', () => {
  const random = numbers(7)
  const next = (below: number) => (random.next().value ?? 0) % below
  for (let round = 0; round < 60; round++) {
    const [count, of] = [1 + next(40), 1 + next(8)]
    const given = Array.from({ length: count }, () => (next(3) === 0 ? undefined : 1 + next(10_000)))
    const ids = names(count)
    const known = (id: string) => given[ids.indexOf(id)]
    const shards = balanceShards(plan(count), { of, durations: known })
    expect(shards.flat().sort()).toEqual([...ids].sort())
    expect(shards).toHaveLength(of)
    const spoken = given.filter((ms) => ms !== undefined)
    const usual = spoken.length === 0 ? 1 : spoken.reduce((sum, ms) => sum + ms, 0) / spoken.length
    const loads = shards.map((some) => some.reduce((sum, id) => sum + (known(id) ?? usual), 0))
    const total = loads.reduce((sum, load) => sum + load, 0)
    const best = Math.max(total / of, ...given.map((ms) => ms ?? usual))
    expect(Math.max(...loads)).toBeLessThanOrEqual(2 * best + 0.001)
    const turned = plan(count).map((batch) => ({ ...batch, runs: batch.runs.toReversed() }))
    expect(balanceShards(turned, { of, durations: known })).toEqual(shards)
  }
})
