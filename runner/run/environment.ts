import { places } from '../agents/places.ts'
import type { EnvValue, Layer } from '../domain/environment.ts'
import type { Exercise, Run } from '../domain/plan.ts'
import type { CustomPart } from '../seams/sandbox.ts'

/** The image that an agent runs in: its own layers first, so that its runs on many exercises share them. */
export const agentRecipe = ({ agent, sample: { exercise } }: Run): readonly Layer[] => [
  base,
  ...agent.environment.recipe,
  ...(exercise ? exerciseLayers(exercise) : []),
]

/** The image that grades: nothing of the agent's reaches it. */
export const gradingRecipe = ({ sample: { exercise } }: Run): readonly Layer[] => [base, ...(exercise ? exerciseLayers(exercise) : [])]

/**
 * The part of either recipe that is an image with a state of its own: what a Dockerfile made, where it comes first. Behind other layers it
 * is layers as they are.
 */
export function customIn(
  which: 'agent' | 'grading',
  { agent, sample: { exercise } }: Run,
  onLog: (log: string) => void,
): { custom?: CustomPart } {
  const own = agent.environment
  if (which === 'agent' && own.recipe.length > 0) return own.custom ? { custom: { layers: own.custom, of: agent.slug, onLog } } : {}
  const layers = exercise?.environment.custom
  return exercise && layers ? { custom: { layers, of: exercise.name, onLog } } : {}
}

const base: Layer = { base: 'proctor-base:latest' }

function exerciseLayers({ environment, workspace, setup }: Exercise): readonly Layer[] {
  const cwd = places.workspace
  const platform: Layer = {
    run: setup.text,
    as: 'user',
    cwd,
    env: plain(environment.env),
    network: 'open',
    blame: 'workspace_setup_failed',
  }
  return [
    ...environment.recipe,
    { put: workspace, at: places.workspace },
    ...(setup.mode === 'platform' ? [platform] : []),
    { run: baselineCommit, as: 'user', cwd, network: 'none', blame: 'workspace_seed_failed' },
  ]
}

/** A recipe is written down and its image outlives the run: no secret is part of it. */
const plain = (env: Readonly<Record<string, EnvValue>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))

/**
 * The commit that an agent sees as the beginning. What the source brought as .git stays, but none of its hooks run. The date is fixed,
 * so that the same tree is the same commit; the diff that is graded never asks this repository.
 */
const baselineCommit = `set -e
[ -e .git ] || git -c init.defaultBranch=main init --quiet
git config user.name user
git config user.email user@sandbox
git add --all --ignore-errors >/dev/null 2>&1 || true
export GIT_AUTHOR_DATE=2000-01-01T00:00:00Z GIT_COMMITTER_DATE=2000-01-01T00:00:00Z
git -c core.hooksPath=/dev/null -c commit.gpgSign=false -c user.name=proctor -c user.email=proctor@localhost \\
  commit --quiet --no-verify --allow-empty --message baseline`
