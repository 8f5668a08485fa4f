import { unpackPlan } from '../../runner/adapters/preset.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import { seal } from '../desk/seal.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { Attempt } from '../store/queue.ts'
import type { WebWorld } from '../web/world.ts'

/**
 * Answers a worker that asked for credentials: those of its job's organisation alone, of a job that may have some, and of a planned one no
 * more than its plan names. Whatever else is asked for is missing.
 */
export async function sealFor(attempt: Attempt, world: Pick<WebWorld, 'store' | 'blobs' | 'log'>): Promise<void> {
  const { store, log } = world
  const asked = await store.claims.wanted(attempt)
  if (!asked?.wanted || asked.publicKey === null) return
  const evaluation = await store.evaluations.find(asked.evaluationId)
  const allowed = evaluation ? await allowedOf(evaluation, world) : () => false
  const names = asked.wanted.filter(allowed)
  const values = await store.credentials.open(asked.organisation, names)
  const missing = asked.wanted.filter((name) => !values.has(name))
  log.info({ job: attempt.job, organisation: asked.organisation, names: [...values.keys()], missing }, 'credentials sealed')
  await store.claims.seal(attempt, seal(values, { to: asked.publicKey, about: attempt.job, missing }))
}

async function allowedOf(evaluation: Evaluation, { blobs }: Pick<WebWorld, 'blobs'>): Promise<(name: string) => boolean> {
  if (evaluation.trust === 'fork' && !evaluation.approvedWithCredentials) return () => false
  // A plan is made with what opens the sources that it names; nobody knows yet which those are.
  if (evaluation.planBlob === null) return () => true
  const named = namedIn(unpackPlan(await new Response(await blobs.get(evaluation.planBlob)).text()))
  return (name) => named.has(name)
}

function namedIn({ batches }: Plan): ReadonlySet<string> {
  const runs = batches.flatMap((batch) => batch.runs)
  const parts = new Set(runs.flatMap(({ agent, sample }) => (sample.exercise ? [agent, sample.exercise] : [agent])))
  return new Set(
    [...parts].flatMap(({ environment, login }) => [
      ...Object.values(environment.env).flatMap((value) => (typeof value === 'string' ? [] : [value.credential])),
      ...(login === undefined ? [] : ['credential' in login ? login.credential : `git:${login.storedFor}`]),
    ]),
  )
}
