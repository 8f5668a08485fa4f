import type { BlobRef, Digest } from '../../domain/blob.ts'
import type { Environment } from '../../domain/environment.ts'
import type { Agent, Exercise, Keys, Run } from '../../domain/plan.ts'
import type { ScorerSpec } from '../../domain/scorer.ts'
import { digest } from '../../lib/digest.ts'

/** `version` of proctor, `image` that every recipe begins with. */
export type Surroundings = { readonly version: string; readonly image: string }
type Work = Pick<Run, 'agent' | 'sample' | 'epoch' | 'limits' | 'judge'>

/**
 * The run key covers all that the agent could see or be stopped by; the grade key that, and all that a verdict depends on. Names
 * of evals, places, sides and attempts are in neither: the same work elsewhere is the same work. Pure.
 */
export function keysOf({ agent, sample, epoch, limits, judge }: Work, { version, image }: Surroundings): Keys {
  const { exercise } = sample
  const row = { id: sample.id, user: sample.user, input: sample.input }
  const run = digest({ version, image, agent: agentPart(agent), exercise: exercise && exercisePart(exercise), row, epoch, limits })
  const rules = exercise && { editable: exercise.editable, protected: exercise.protected, hooks: exercise.hooks, grading: exercise.grading }
  return {
    run,
    grade: digest({
      run,
      scorers: sample.scorers.map(scorerPart),
      rules,
      expected: sample.expected,
      judge,
      outputSchema: agent.outputSchema,
    }),
  }
}

/** Everything that reaches the sandbox; how many may run at once does not. */
const agentPart = remember(({ slug, version, source, environment, start, inputSchema, models, hosts }: Agent) =>
  digest({ slug, version, source: source.digest, environment: environmentPart(environment), start, inputSchema, models, hosts }),
)
const exercisePart = remember(({ workspace, environment, setup }: Exercise) =>
  digest({ workspace: workspace.digest, environment: environmentPart(environment), setup }),
)
const scorerPart = remember(({ files, ...rest }: ScorerSpec) => digest({ ...rest, files: files?.digest }))

/** Blobs count by content, not by what they are called. */
const environmentPart = ({ recipe, ...rest }: Environment) => ({
  ...rest,
  recipe: recipe.map((layer) => ('put' in layer ? { put: contentOf(layer.put), at: layer.at } : layer)),
})
const contentOf = ({ digest: content }: BlobRef) => content

/** A thousand rows share one agent and one exercise; each is digested once. */
function remember<T extends object>(make: (value: T) => Digest): (value: T) => Digest {
  const known = new WeakMap<T, Digest>()
  return (value) => {
    const found = known.get(value) ?? make(value)
    known.set(value, found)
    return found
  }
}
