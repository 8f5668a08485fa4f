import type { Agent, Batch, Exercise, Limits, Run } from '../../domain/plan.ts'
import type { ScorerSpec } from '../../domain/scorer.ts'
import type { World } from '../../seams/world.ts'
import type { ScorerUse } from '../check-scorers.ts'
import type { Package } from '../read/read-package.ts'
import type { Draft } from '../samples.ts'
import { nameOf } from '../select-evals.ts'
import { once, settled } from '../settled.ts'
import type { Part } from '../survey.ts'
import { freezeAgent, freezeBuiltIn } from './freeze-agent.ts'
import { keysOf, type Surroundings } from './keys.ts'
import { freezeScorer, resolveExercise } from './resolve-exercise.ts'
import { runId } from './run-id.ts'

export type Freezing = {
  readonly world: Pick<World, 'fetcher' | 'blobs'>
  readonly found: Package
  readonly signal: AbortSignal
  readonly around: Surroundings
}
/** `proposed`: an eval of head itself, beside what the base asks of head. */
type As = { readonly commit: string; readonly epochs: number | undefined; readonly as?: 'head' | 'base' | 'proposed' }
type Repeated = { readonly epochs: number; readonly as: NonNullable<As['as']> }
/** Seconds; a solution may have to install what it needs. */
const builtInTimeout = 1800

/** Turns parts into batches. Whatever several runs share is fetched once and is one object. */
export class Freezer {
  readonly warnings: string[] = []
  readonly #given: Freezing
  readonly #agents = new Map<object, Promise<Agent>>()
  readonly #builtIns = new Map<object, Map<object, Promise<Agent>>>()
  readonly #exercises = new Map<object, Promise<Exercise>>()
  readonly #scorers = new Map<object, Promise<ScorerSpec>>()
  readonly #lists = new Map<object, Promise<ScorerSpec[]>>()

  constructor(given: Freezing) {
    this.#given = given
  }

  /** Throws `Problems`. */
  async freeze(part: Part, { commit, epochs, as = 'head' }: As): Promise<Batch> {
    const { description, name, epochs: written } = part.eval.value
    const runs = await settled(part.samples.map((sample) => this.#runs(part, sample, { epochs: epochs ?? written, as })))
    return {
      eval: name,
      agent: nameOf(part.agent),
      commit,
      runs: runs.flat(),
      gate: part.gate,
      ...(as === 'proposed' ? { proposed: true } : {}),
      ...(description === '' ? {} : { description }),
    }
  }

  async #runs(part: Part, { draft, scorers }: Part['samples'][number], { epochs, as }: Repeated): Promise<Run[]> {
    const { setting, ...row } = draft
    const frozen = [this.#agent(part, draft), this.#exercise(setting), this.#list(scorers)] as const
    await settled<unknown>(frozen)
    const [agent, exercise, specs] = await Promise.all(frozen)
    const sample = { ...row, ...(exercise ? { exercise } : {}), scorers: specs }
    const work = { agent, sample, judge: part.judge, limits: limitsOf(part) }
    return Array.from({ length: epochs }, (_, index): Run => {
      const named = { eval: part.eval.value.name, side: as === 'base' ? as : ('head' as const), epoch: index + 1 }
      return {
        id: runId({ ...named, agent: agent.slug, sample: sample.id, ...(as === 'proposed' ? { proposed: true } : {}) }),
        ...named,
        attempt: 1,
        ...work,
        keys: keysOf({ ...work, epoch: named.epoch }, this.#given.around),
      }
    })
  }

  #agent({ agent, source, eval: one }: Part, draft: Draft): Promise<Agent> {
    if ('builtIn' in agent) {
      const made = once(this.#builtIns, agent, () => new Map<object, Promise<Agent>>())
      return once(made, draft.setting?.value ?? one.value, () => freezeBuiltIn(agent, { draft, one }, this.#fetching))
    }
    return once(this.#agents, agent.value, async () => {
      const frozen = await freezeAgent(agent, source ?? 'empty', this.#fetching)
      this.warnings.push(...frozen.warnings)
      return frozen.agent
    })
  }

  async #exercise(setting: Draft['setting']): Promise<Exercise | undefined> {
    return setting && once(this.#exercises, setting.value, () => resolveExercise(setting, this.#fetching))
  }

  #list(scorers: readonly ScorerUse[]): Promise<ScorerSpec[]> {
    return once(this.#lists, scorers, () =>
      Promise.all(scorers.map((scorer) => once(this.#scorers, scorer.value, () => freezeScorer(scorer, this.#fetching)))),
    )
  }

  get #fetching() {
    const { world, found, signal } = this.#given
    return { fetcher: world.fetcher, blobs: world.blobs, found, fence: found.fence, signal }
  }
}

function limitsOf({ agent }: Part): Limits {
  if ('builtIn' in agent) return { wallMs: builtInTimeout * 1000, turns: 1 }
  const { run_timeout_s, budget } = agent.value
  return {
    wallMs: run_timeout_s * 1000,
    turns: 1,
    ...(budget?.tokens === undefined ? {} : { tokens: budget.tokens }),
    ...(budget?.cost_usd === undefined ? {} : { costUsd: budget.cost_usd }),
  }
}
