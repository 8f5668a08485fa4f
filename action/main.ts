import { rm } from 'node:fs/promises'
import { context } from '@actions/github'
import { ProctorError } from '../runner/domain/error.ts'
import { giveUp } from './finish.ts'
import { defaultInputs, type Inputs, readInputs } from './inputs.ts'
import { type Job, openJob } from './job.ts'
import { openLog } from './log.ts'
import { publishFollowed } from './modes/follow-up.ts'
import { runAll } from './modes/run.ts'
import { mergeAll, planShards, runShard } from './modes/shards.ts'
import { readOccasion } from './occasion.ts'
import type { Shows } from './publishing.ts'
import { maskSecrets } from './secrets.ts'
import { readSettings } from './settings.ts'
import { takeRepository, trustedInputs } from './trees.ts'

await main(process.env)

async function main(variables: NodeJS.ProcessEnv): Promise<void> {
  let job: Job | undefined
  let shows: Shows | undefined
  let inputs: Inputs | undefined
  const stop = new AbortController()
  const onShows = (opened: Shows) => {
    shows = opened
  }
  // A cancelled job has seconds left: what is shown as running is completed first.
  const onSignal = () => {
    if (stop.signal.aborted) return
    void shows?.checks.cancel('The workflow run was cancelled.').catch(() => {})
    stop.abort(new ProctorError('internal_error', 'the workflow run was cancelled'))
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal)
  try {
    inputs = readInputs(variables)
    maskSecrets(variables, inputs.token)
    const settings = readSettings(variables, context)
    await rm(settings.temporary, { recursive: true, force: true })
    job = await openJob({
      inputs,
      settings,
      occasion: readOccasion(context),
      log: openLog((text) => process.stdout.write(text)),
      signal: stop.signal,
    })
    await dispatch(job, onShows)
  } catch (thrown) {
    if (stop.signal.aborted) process.exitCode = 130
    else await giveUp(thrown, { job, shows, inputs })
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal)
  }
}

async function dispatch(job: Job, onShows: (shows: Shows) => void): Promise<void> {
  const { inputs, occasion, notes } = job
  if (occasion.follows !== undefined) return publishFollowed(job, occasion.follows, onShows)
  const [index, of] = inputs.shard?.split('/').map(Number) ?? []
  const shard = index !== undefined && of !== undefined ? { index, of } : undefined
  if (shard && inputs.replay === undefined) return runShard(job, shard, undefined)
  if (!occasion.trusted) notes.push('A fork or Dependabot: no secrets, and no judge but recorded ones.')
  const trees = await takeRepository(job)
  const given = { job: { ...job, inputs: await trustedInputs(job, trees, defaultInputs()) }, trees, onShows }
  if (shard) return runShard(given.job, shard, trees)
  if (inputs.mode === 'plan') return planShards(given)
  return inputs.mode === 'merge' ? mergeAll(given) : runAll(given)
}
