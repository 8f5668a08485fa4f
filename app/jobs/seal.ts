import { unpackPlan } from '../../runner/adapters/preset.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import { seal } from '../desk/seal.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { Attempt } from '../store/queue.ts'
import type { WebWorld } from '../web/world.ts'
import { writtenInTrees } from './written-in-trees.ts'

/**
 * Answers a worker that asked for credentials: those of its job's organisation alone, of a job that may have some, no more than the base's
 * files name and, once it is planned, no more than its plan names. Whatever else is asked for is missing.
 */
export async function sealFor(attempt: Attempt, world: Pick<WebWorld, 'store' | 'blobs' | 'log'>): Promise<void> {
  const { store, log } = world
  const asked = await store.claims.wanted(attempt)
  if (!asked?.wanted || asked.publicKey === null) return
  const evaluation = await store.evaluations.find(asked.evaluationId)
  const names = evaluation ? await allowedOf(evaluation, asked.wanted, world) : []
  const values = await store.credentials.open(asked.organisation, names)
  const missing = asked.wanted.filter((name) => !values.has(name))
  log.info({ job: attempt.job, organisation: asked.organisation, names: [...values.keys()], missing }, 'credentials sealed')
  await store.claims.seal(attempt, seal(values, { to: asked.publicKey, about: attempt.job, missing }))
}

async function allowedOf(
  evaluation: Evaluation,
  wanted: readonly string[],
  { blobs }: Pick<WebWorld, 'blobs'>,
): Promise<readonly string[]> {
  if (evaluation.trust === 'fork' && !evaluation.approvedWithCredentials) return []
  const written = await writtenInTrees(
    wanted.filter((name) => !isStored(name)),
    evaluation,
    blobs,
  )
  const allowed = wanted.filter((name) => isStored(name) || written.has(name))
  // A plan is made with what opens the sources that it names; nobody knows yet which those are.
  if (evaluation.planBlob === null) return allowed
  const named = namedIn(unpackPlan(await new Response(await blobs.get(evaluation.planBlob)).text()))
  return allowed.filter((name) => named.has(name))
}

/** A token for one repository, kept under its URL, which may be written in more than one way. */
const isStored = (name: string): boolean => name.startsWith('git:')

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
