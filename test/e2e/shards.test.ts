import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mergeShards, openWorld, type Preset, readDurations, writeManifest } from '../../runner/adapters/preset.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import type { Report } from '../../runner/domain/report.ts'
import { conclude, execute } from '../../runner/evaluate.ts'
import { makePlan } from '../../runner/plan/make-plan.ts'
import type { WatchEvent } from '../../runner/seams/watch.ts'

const of = 4
const told = { runId: 7, attempt: 1 }
const { signal } = new AbortController()

let root: string
let plan: Plan
let whole: Report
const at = (name: string) => join(root, name)
/** A machine of its own: it shares nothing with the others but the engine. */
const machine = (out: string, more: Partial<Preset> = {}) =>
  openWorld({
    out: at(out),
    cacheDir: at(`${out}.cache`),
    configDir: at('config'),
    variables: process.env,
    version: '0.0.0-test',
    watch: () => {},
    keepSandboxes: false,
    live: false,
    ...more,
  })
/** What a plan's artifact brings to another machine. */
const bringPlan = (out: string) => cp(at('planned'), at(out), { recursive: true })

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'proctor-shards-'))
  await cp(join(import.meta.dirname, '../fixtures/agents/adder'), at('repo'), { recursive: true })
  {
    await using world = await machine('planned')
    plan = await makePlan({ root: at('repo'), shards: { of, durations: () => undefined } }, world, signal)
    await world.records.begin(plan)
  }
  await bringPlan('whole')
  await using world = await machine('whole')
  await world.records.begin(plan)
  await execute(plan, world, signal, { width: 2 })
  whole = await conclude(plan, world)
  for (let index = 1; index <= of; index++) {
    const out = `shard-${index}`
    await bringPlan(out)
    await using world = await machine(out)
    const stored = await world.storedPlan()
    await world.records.begin(stored)
    await execute(stored, world, signal, { shard: { index, of }, width: 2 })
    await writeManifest(at(out), { plan: stored.id, ...told, shard: { index, of } })
  }
}, 300_000)
afterAll(() => rm(root, { recursive: true, force: true }))

const shards = (...lost: readonly number[]) =>
  new Map([1, 2, 3, 4].filter((index) => !lost.includes(index)).map((index) => [`shard-${index}`, at(`shard-${index}`)]))
async function merged(out: string, folders: ReadonlyMap<string, string>) {
  await bringPlan(out)
  await using world = await machine(out)
  const stored = await world.storedPlan()
  await world.records.begin(stored)
  return { ...(await mergeShards(world, stored, folders, { ...told, of })), report: await conclude(stored, world) }
}
/** When and how long is all that may differ. */
const timeless = ({ generated_at: _, batches, ...report }: Report) => ({
  ...report,
  batches: batches.map(({ runs, ...batch }) => ({ ...batch, runs: runs.map(({ duration_ms: _, ...run }) => run) })),
})

test('what ran in one piece passes and fails as it should', () => {
  const verdicts = Object.fromEntries(whole.batches.flatMap(({ runs }) => runs.map(({ sample, verdict }) => [sample, verdict])))
  expect(verdicts).toEqual({
    ...{ small: 'pass', three: 'pass', ten: 'pass', one: 'pass', none: 'pass' },
    ...{ big: 'fail', unlucky: 'fail', bigger: 'fail' },
  })
  expect(whole).toMatchObject({ state: 'complete', conclusion: 'success', totals: { runs: 8, pass: 5, fail: 3 } })
})

test('four machines that share nothing make the same report, but for times', async () => {
  const { report, ...told } = await merged('merged', shards())
  expect(told).toEqual({ missing: [], problems: [] })
  expect(timeless(report)).toEqual(timeless(whole))
})

test('a machine that was lost makes no green report, and its samples are named', async () => {
  const { report, missing, problems } = await merged('lost', shards(2))
  expect({ missing, problems }).toEqual({ missing: [2], problems: [] })
  const owed = plan.batches.flatMap(({ runs }) => runs.filter(({ sample }) => plan.shards?.[1]?.includes(sample.id)).map(({ id }) => id))
  expect(owed).toHaveLength(2)
  expect(report).toMatchObject({ state: 'incomplete', conclusion: 'neutral', missing: owed, totals: { runs: 6 } })
})

test('a later plan takes over what it would only repeat, without an engine; how long it took balances the next shards', async () => {
  await merged('baseline', shards())
  const said: WatchEvent[] = []
  await using world = await machine('later', {
    earlier: [at('nowhere'), at('baseline')],
    variables: { ...process.env, DOCKER_HOST: 'unix:///nonexistent' },
    watch: (event) => said.push(event),
  })
  const later = await makePlan({ root: at('repo') }, world, signal)
  await world.records.begin(later)
  await execute(later, world, signal, { width: 2 })
  const report = await conclude(later, world)
  expect(report.totals).toEqual(whole.totals)
  expect(report.batches[0]?.runs.map(({ reused }) => reused)).toEqual(
    Array.from({ length: 8 }, () => ({ plan: plan.id, commit: plan.batches[0]?.commit })),
  )
  expect(said.filter(({ at }) => at === 'warned')).toMatchObject([{ text: expect.stringContaining('nowhere') }])
  const durations = await readDurations([at('baseline')])
  expect([...durations.keys()].sort()).toEqual(whole.batches.flatMap(({ runs }) => runs.map(({ sample }) => sample)).sort())
})
