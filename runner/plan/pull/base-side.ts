import { ProctorError } from '../../domain/error.ts'
import type { Batch, Run } from '../../domain/plan.ts'
import type { Freezer } from '../freeze/freeze.ts'
import type { Chosen } from '../select-evals.ts'
import { type Looking, type Part, surveyPairs } from '../survey.ts'
import type { Pull } from './read-pull.ts'
import { inWords, problemsIn } from './words.ts'

/** A part of the plan, and what it was frozen to. */
export type Frozen = { readonly part: Part; readonly batch: Batch }
type Comparing = {
  readonly pull: Pull
  readonly samples: 'failed' | 'all'
  /** Of the base. */
  readonly commit: string
  readonly epochs: number | undefined
  readonly freezer: Freezer
  readonly looking: Omit<Looking, 'found'>
}
type Side = { readonly batch: Batch; readonly warning?: string }

/** Gives each batch its base side: the base's own agent at the very same samples. Where there is none, it says why. */
export function withBaseSide(frozen: readonly Frozen[], comparing: Comparing): Promise<Side[]> {
  return Promise.all(frozen.map((one) => baseSide(one, comparing)))
}

async function baseSide({ part, batch }: Frozen, comparing: Comparing): Promise<Side> {
  if ('builtIn' in part.agent) return { batch }
  const before = comparing.pull.was.get(part.agent)
  if (!before) return { batch, warning: `the agent \`${batch.agent}\` is not on the base: its results are compared with nothing` }
  const side = await baseRuns(part, before, comparing)
  if ('why' in side)
    return { batch, warning: `the base's \`${before.value.name}\` cannot be run, so nothing is compared with it: ${inWords(side.why)}` }
  const base = { commit: comparing.commit, samples: comparing.samples }
  return isSameWork(batch.runs, side.runs)
    ? { batch: { ...batch, base: { ...base, same: true } } }
    : { batch: { ...batch, base, runs: [...batch.runs, ...side.runs] } }
}

type BaseRuns = { readonly runs: readonly Run[] } | { readonly why: ProctorError }

async function baseRuns(part: Part, agent: Exclude<Chosen, { builtIn: string }>, comparing: Comparing): Promise<BaseRuns> {
  const { pull, looking, freezer, commit, epochs } = comparing
  if (agent.value.draft) return { why: new ProctorError('agent_draft', 'it is a draft there', { place: agent.at(['draft']) }) }
  const [look] = await surveyPairs([{ agent, eval: part.eval }], { ...looking, found: pull.base })
  const [problem] = look?.problems ?? []
  if (!look?.part) return { why: problem ?? new ProctorError('internal_error', 'it has no part in the plan') }
  // All but the agent is head's by construction: one sample, two agents.
  const { eval: one, samples, judge, gate } = part
  try {
    return { runs: (await freezer.freeze({ ...look.part, eval: one, samples, judge, gate }, { commit, epochs, as: 'base' })).runs }
  } catch (thrown) {
    const [why] = problemsIn(thrown)
    if (why) return { why }
    throw thrown
  }
}

/** Whether the agent is the base's own, and so is all that it is given. */
export const isSameWork = (some: readonly Run[], others: readonly Run[]) =>
  some.length === others.length && some.every(({ keys }, at) => keys.run === others[at]?.keys.run && keys.grade === others[at]?.keys.grade)
