import { cpus } from 'node:os'
import { openWorld } from '../../runner/adapters/preset.ts'
import { conclude, execute } from '../../runner/evaluate.ts'
import { makePlan } from '../../runner/plan/make-plan.ts'
import { artifactNames, upload } from '../artifacts.ts'
import { earlierResults } from '../baseline.ts'
import { ensureImage } from '../engine.ts'
import { finish } from '../finish.ts'
import type { Job } from '../job.ts'
import { planRequest } from '../planning.ts'
import { openShows, rememberOpen, type Shows } from '../publishing.ts'
import type { Trees } from '../trees.ts'
import { worldOf } from '../world.ts'

/** `onShows`: whoever catches what is thrown here can say it on GitHub too. */
export type Given = { readonly job: Job; readonly trees: Trees; readonly onShows: (shows: Shows) => void }

/** Everything in one job: plan, execute, conclude. */
export async function runAll({ job, trees, onShows }: Given): Promise<void> {
  const { inputs, signal } = job
  const shows = await openShows(job, trees.head.root)
  onShows(shows)
  const earlier = await earlierResults(job)
  await ensureImage(job)
  await using world = await openWorld({ ...worldOf(job, { trees, earlier }), live: true, alsoPublish: [shows.live] })
  const plan = await makePlan(await planRequest(job, trees), world, signal)
  await world.records.begin(plan)
  await shows.checks.begin(plan.batches)
  rememberOpen(job, shows.checks)
  await execute(plan, world, signal, { width: inputs.concurrency ?? 2 * cpus().length })
  signal.throwIfAborted()
  const report = await conclude(plan, world)
  const names = artifactNames(inputs['check-name'])
  const reportUrl = await upload(job, names.report, 'report')
  await upload(job, names.records, 'records')
  await shows.conclude(report, { reportUrl, publishing: plan.publishing })
  await finish(job, report, { shows, reportUrl, root: trees.head.root })
}
