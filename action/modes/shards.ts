import { cp, rm } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setOutput } from '@actions/core'
import { mergeShards, openWorld, readDurations, writeManifest } from '../../runner/adapters/preset.ts'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import { conclude, execute } from '../../runner/evaluate.ts'
import type { Shard } from '../../runner/lib/shard.ts'
import { makePlan } from '../../runner/plan/make-plan.ts'
import { takeOver } from '../../runner/plan/take-over.ts'
import { artifactNames, downloadOwn, needed, upload } from '../artifacts.ts'
import { earlierResults } from '../baseline.ts'
import { ensureImage } from '../engine.ts'
import { finish } from '../finish.ts'
import type { Job } from '../job.ts'
import { planRequest } from '../planning.ts'
import { openShows } from '../publishing.ts'
import type { Trees } from '../trees.ts'
import { worldOf } from '../world.ts'
import type { Given } from './run.ts'

/** First of three: what is to be run, with what need not be run again, as an artifact; and who runs which part of it, as a matrix. */
export async function planShards({ job, trees, onShows }: Given): Promise<void> {
  const { inputs, signal, log } = job
  const of = inputs.shards ?? 4
  const shows = await openShows(job, trees.head.root)
  onShows(shows)
  const earlier = await earlierResults(job)
  const durations = await readDurations(earlier)
  await using world = await openWorld(worldOf(job, { trees, earlier }))
  const plan = await makePlan({ ...(await planRequest(job, trees)), shards: { of, durations: (id) => durations.get(id) } }, world, signal)
  await world.records.begin(plan)
  await takeOver(plan, world, { ahead: true })
  const kept = await upload(job, artifactNames(inputs['check-name']).plan, 'records')
  if (kept === undefined) throw new ProctorError('github_failed', 'the plan could not be kept as an artifact, which its shards need')
  await shows.checks.begin(plan.batches)
  setOutput('matrix', JSON.stringify({ include: Array.from({ length: of }, (_, at) => ({ shard: `${at + 1}/${of}` })) }))
  log.say(`${of} shards: the jobs of the matrix run \`mode: run\` with \`shard\`, then one that needs them all \`mode: merge\``)
}

/** One shard of a plan that another job made. It shows nothing: only the merge knows the whole. `trees` are there when answers are recorded in them. */
export async function runShard(job: Job, shard: Shard, trees: Trees | undefined): Promise<void> {
  const { inputs, settings, signal, out } = job
  const names = artifactNames(inputs['check-name'])
  const planned = needed((await downloadOwn(job, names.plan, true)).get(names.plan), names.plan)
  await takePlan(planned, out)
  await ensureImage(job)
  await using world = await openWorld(worldOf(job, { ...(trees && { trees }), earlier: [planned] }))
  const plan = await world.storedPlan()
  await world.records.begin(plan)
  await execute(itsShare(plan, shard), world, signal, { shard, width: inputs.concurrency ?? 2 * cpus().length })
  signal.throwIfAborted()
  await writeManifest(out, { plan: plan.id, runId: settings.runId, attempt: settings.attempt, shard })
  await upload(job, `${names.shards}${shard.index}-of-${shard.of}`, 'records')
}

/** No shard knows what the others spend: each may spend its part of what all may. */
function itsShare(plan: Plan, { of }: Shard): Plan {
  const { costUsd, wallMs } = plan.budget
  return {
    ...plan,
    budget: { ...(costUsd !== undefined && { costUsd: costUsd / of }), ...(wallMs !== undefined && { wallMs: wallMs / of }) },
  }
}

/** Last of three: joins what the shards found, and shows it once. What a lost shard owes is named as missing. */
export async function mergeAll({ job, trees, onShows }: Given): Promise<void> {
  const { inputs, settings, out, notes } = job
  const names = artifactNames(inputs['check-name'])
  const shows = await openShows(job, trees.head.root)
  onShows(shows)
  const planned = needed((await downloadOwn(job, names.plan, true)).get(names.plan), names.plan)
  const folders = await downloadOwn(job, names.shards)
  await takePlan(planned, out)
  await using world = await openWorld(worldOf(job, { trees, earlier: [planned] }))
  const plan = await world.storedPlan()
  await world.records.begin(plan)
  await shows.checks.begin(plan.batches)
  const expected = { runId: settings.runId, attempt: settings.attempt, of: plan.shards?.length ?? folders.size }
  const { missing, problems } = await mergeShards(world, plan, folders, expected)
  notes.push(
    ...missing.map((index) => `Shard ${index} of ${expected.of} is missing: its job failed, or was lost.`),
    ...problems.map(({ message }) => message),
  )
  await takeOver(plan, world)
  const report = await conclude(plan, world)
  const reportUrl = await upload(job, names.report, 'report')
  await upload(job, names.records, 'records')
  await shows.conclude(report, { reportUrl, publishing: plan.publishing })
  await finish(job, report, { shows, reportUrl, root: trees.head.root })
}

/** The plan and its blobs without the results that came with it: those are taken over one by one. */
async function takePlan(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true })
  await rm(join(to, 'results.jsonl'), { force: true })
}
