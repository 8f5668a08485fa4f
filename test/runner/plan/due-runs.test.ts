import { describe, expect, test } from 'vitest'
import type { Plan, Run } from '../../../runner/domain/plan.ts'
import type { Result } from '../../../runner/domain/result.ts'
import { dueRuns } from '../../../runner/plan/due-runs.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakePlan } from '../../fakes/plans.ts'
import { fakeResult, type Story } from '../../fakes/results.ts'
import { there } from '../../support/there.ts'

const blobs = memoryBlobs()
const ids = (runs: Iterable<Run>) => [...runs].map(({ id }) => id)
const runsOf = (plan: Plan) => plan.batches.flatMap(({ runs }) => runs)
const finish = (runs: readonly Run[], story: Story = 'pass') => Promise.all(runs.map((run) => fakeResult(run, blobs, story)))

/** Runs until nothing is due, in the given way, and tells what was run. */
async function exhaust(plan: Plan, story: (run: Run) => Story): Promise<string[]> {
  const done: Result[] = []
  const order: string[] = []
  for (let round = 0; round < 20; round++) {
    const due = [...dueRuns(plan, done)]
    if (due.length === 0) return order
    for (const run of due) {
      order.push(run.id)
      done.push(await fakeResult(run, blobs, story(run)))
    }
  }
  throw new Error('it never ends')
}

describe('due', () => {
  test('at first: every head run, every epoch', () => {
    const plan = fakePlan({ samples: 3, epochs: 2, evals: ['a', 'b'], base: true })
    expect(ids(dueRuns(plan, []))).toEqual(
      runsOf(plan)
        .filter(({ side }) => side === 'head')
        .map(({ id }) => id),
    )
  })

  test('after a crash: what has no result, and nothing twice', async () => {
    const plan = fakePlan({ samples: 4 })
    const [first, ...rest] = runsOf(plan)
    expect(ids(dueRuns(plan, await finish([there(first)])))).toEqual(rest.map(({ id }) => id))
    expect(ids(dueRuns(plan, await finish(runsOf(plan), 'tests-fail')))).toEqual([])
  })

  test('an infrastructure error: again, three attempts in all, under ids of their own', async () => {
    const plan = fakePlan({ samples: 1 })
    const [{ id }] = [there(runsOf(plan)[0])]
    expect(await exhaust(plan, () => 'sandbox-lost')).toEqual([id, `${id}~2`, `${id}~3`])
    expect(await exhaust(plan, ({ attempt }) => (attempt === 1 ? 'judge-broken' : 'pass'))).toEqual([id, `${id}~2`])
    const [again] = dueRuns(plan, await finish(runsOf(plan), 'sandbox-lost'))
    expect(again).toEqual({ ...runsOf(plan)[0], id: `${id}~2`, attempt: 2 })
  })

  test('as many attempts as were asked for', async () => {
    const plan = fakePlan({ samples: 1 })
    const lost = await finish(runsOf(plan), 'sandbox-lost')
    expect(ids(dueRuns(plan, lost, { attempts: 1 }))).toEqual([])
    expect(ids(dueRuns(plan, lost, { attempts: 2 }))).toHaveLength(1)
  })

  test.each<[Story]>([['setup-failed'], ['tests-fail'], ['exception'], ['time-limit'], ['judge-fails']])(
    '%s: never again by itself',
    async (story) => {
      const plan = fakePlan({ samples: 1 })
      expect(await exhaust(plan, () => story)).toHaveLength(1)
    },
  )

  test('a later start: what is unscored gets three attempts more, what has a verdict none', async () => {
    const plan = fakePlan({ samples: 2 })
    const [lost, passed] = [there(runsOf(plan)[0]), there(runsOf(plan)[1])]
    const done = [...(await finish([lost, { ...lost, id: `${lost.id}~2`, attempt: 2 }], 'setup-failed')), ...(await finish([passed]))]
    const before = done.length
    const order: string[] = []
    for (let due = [...dueRuns(plan, done, { before })]; due.length > 0; due = [...dueRuns(plan, done, { before })]) {
      order.push(...due.map(({ id }) => id))
      done.push(...(await finish(due, 'judge-broken')))
    }
    expect(order).toEqual([3, 4, 5].map((attempt) => `${lost.id}~${attempt}`))
  })

  test('the base side: only of samples that failed on head', async () => {
    const plan = fakePlan({ samples: 3, base: true, epochs: 2 })
    const failing = there(runsOf(plan)[0]).sample.id
    const order = await exhaust(plan, ({ sample, side }) => (side === 'head' && sample.id === failing ? 'tests-fail' : 'pass'))
    expect(order).toHaveLength(8)
    expect(order.slice(6)).toEqual(
      runsOf(plan)
        .filter(({ side, sample }) => side === 'base' && sample.id === failing)
        .map(({ id }) => id),
    )
  })

  test('the base side: also when the failing attempt was the second', async () => {
    const plan = fakePlan({ samples: 1, base: true })
    const order = await exhaust(plan, ({ side, attempt }) => (side === 'base' ? 'pass' : attempt === 1 ? 'sandbox-lost' : 'tests-fail'))
    expect(order).toHaveLength(3)
    expect(order[2]).toContain('base')
  })

  test('what a change proposes waits for the same work that decides, and is paid once', async () => {
    const { batches, ...rest } = fakePlan({ samples: 2 })
    const [batch] = [there(batches[0])]
    const [first, second] = [there(batch.runs[0]), there(batch.runs[1])]
    const altered = { ...second, id: `${second.id}.proposed`, keys: { ...second.keys, grade: first.keys.run } }
    const same = { ...first, id: `${first.id}.proposed` }
    const plan: Plan = { ...rest, batches: [{ ...batch, proposed: true, runs: [same, altered] }, batch], budget: { costUsd: 0.06 } }
    expect(ids(dueRuns(plan, []))).toEqual([first.id, second.id, altered.id])
    const [done] = await finish([first])
    const taken = { ...there(done), run: same }
    expect(ids(dueRuns(plan, [there(done)]))).toEqual([second.id, same.id, altered.id])
    expect(ids(dueRuns(plan, [there(done), taken]))).toEqual([second.id, altered.id])
    // Were it paid twice, the budget were spent.
    expect(2 * (there(done).record.usage.costUsd + there(done).grade.usage.costUsd)).toBeGreaterThan(0.06)
  })

  test('shards are disjoint, complete, and keep the epochs and sides of a sample together', () => {
    const plan = fakePlan({ samples: 200, epochs: 2 })
    const shards = [1, 2, 3].map((index) => [...dueRuns(plan, [], { shard: { index, of: 3 } })])
    expect(
      shards
        .flat()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(ids(dueRuns(plan, [])).sort())
    const where = shards.map((runs) => new Set(runs.map(({ sample }) => sample.id)))
    expect(where.reduce((sum, { size }) => sum + size, 0)).toBe(200)
    for (const { size } of where) expect(size).toBeGreaterThan(40)
  })

  test('a spent budget ends it, also in the middle', async () => {
    const plan = { ...fakePlan({ samples: 10 }), budget: { costUsd: 0.1 } }
    const done: Result[] = []
    const seen: string[] = []
    for (const run of dueRuns(plan, done)) {
      seen.push(run.id)
      done.push(await fakeResult(run, blobs))
    }
    const spent = done.reduce((sum, { record, grade }) => sum + record.usage.costUsd + grade.usage.costUsd, 0)
    expect(spent).toBeGreaterThanOrEqual(0.1)
    expect(seen.length).toBeLessThan(10)
    expect([...dueRuns(plan, done)]).toEqual([])
    expect([...dueRuns({ ...plan, budget: { wallMs: 1 } }, done)]).toEqual([])
    expect([...dueRuns({ ...plan, budget: {} }, done)]).toHaveLength(10 - seen.length)
  })

  test('10,000 runs are asked for quickly', async () => {
    const plan = fakePlan({ samples: 10_000 })
    const start = performance.now()
    expect([...dueRuns(plan, [])]).toHaveLength(10_000)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
