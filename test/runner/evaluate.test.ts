import { expect, test } from 'vitest'
import type { Run } from '../../runner/domain/plan.ts'
import { conclude, execute } from '../../runner/evaluate.ts'
import type { World } from '../../runner/seams/world.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { fakeGateway } from '../fakes/gateway.ts'
import { earlierOf, memoryRecords } from '../fakes/memory-records.ts'
import { fakePlan } from '../fakes/plans.ts'
import { fakeResult } from '../fakes/results.ts'
import { there } from '../support/there.ts'

const signal = new AbortController().signal
const blobs = memoryBlobs()
const untouched = () => Promise.reject(new Error('nothing is to be run'))
const sandboxes: World['sandboxes'] = { prepare: untouched, open: untouched, once: untouched, read: untouched }

/** A world in which nothing can be run. */
function worldOf(more: Partial<World>): World {
  return {
    sandboxes,
    trees: { baseline: untouched, diff: untouched },
    gateway: fakeGateway(),
    model: { complete: untouched, describe: (name) => name },
    credentials: { resolve: untouched, storedToken: untouched },
    fetcher: { fetch: untouched },
    records: memoryRecords(),
    blobs,
    publisher: { publish: () => Promise.resolve() },
    watch: () => {},
    version: '1.0.0',
    keepSandboxes: false,
    ...more,
  }
}

test('the base side of what fails is taken over from an earlier plan once it is due, and makes a regression without a run', async () => {
  const { batches, ...rest } = fakePlan({ samples: 3, base: true, gate: { noRegressions: true, minPassRate: 0 } })
  const plan = { ...rest, batches: batches.map((batch) => ({ ...batch, base: { commit: 'a1b2c3', samples: 'failed' as const } })) }
  const runs = plan.batches.flatMap((batch) => batch.runs)
  const of = (side: Run['side']) => runs.filter((run) => run.side === side)
  const failing = there(of('head')[1])
  const records = memoryRecords()
  await records.begin(plan)
  const [first, , third] = of('head')
  for (const run of [there(first), there(third)]) await records.keep(plan.id, await fakeResult(run, blobs, 'pass'))
  // Nobody knows how the second ends before it is run: here, its own grade is found as that of the same work.
  const elsewhere = { ...plan, id: 'sha256:other' as const }
  await records.begin(elsewhere)
  await records.keep(elsewhere.id, await fakeResult(failing, blobs, 'tests-fail'))
  const before = await Promise.all(of('base').map((run) => fakeResult(run, blobs, 'pass')))
  const earlier = earlierOf(plan, before)
  const world = worldOf({ records, earlier })

  await execute(plan, world, signal, { width: 2 })
  const results = await records.results(plan.id)
  expect(results.map(({ run, reused }) => [run.side, run.sample.id, reused !== undefined]).sort()).toEqual(
    [['base', failing.sample.id, true], ...of('head').map(({ sample }) => ['head', sample.id, false])].sort(),
  )
  const report = await conclude(plan, world)
  expect(report).toMatchObject({ state: 'complete', conclusion: 'failure', totals: { regressions: 1 } })
  expect(report.batches[0]?.comparison).toMatchObject({ base: 'a1b2c3', pairs: 1, regressed: [failing.sample.id], unpaired: 2 })
})
