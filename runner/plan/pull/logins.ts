import type { Package } from '../read/read-package.ts'
import type { Part } from '../survey.ts'
import type { Pull } from './read-pull.ts'

/** Where a proposed part would send a credential that no scenario of the base sends there: who changes a scenario is granted nothing by it. */
export function loginsOf({ base }: Pull): (part: Part) => string | undefined {
  const known = new Set(exercises(base).flatMap(({ workspace }) => login(workspace) ?? []))
  return ({ samples }) =>
    samples.flatMap(({ draft }) => (draft.setting ? (login(draft.setting.value.workspace) ?? []) : [])).find((one) => !known.has(one))
}

type Exercise = Package['scenarios'][number]['value']

const exercises = ({ scenarios, evals }: Package): Pick<Exercise, 'workspace'>[] => [
  ...scenarios.map(({ value }) => value),
  ...evals.flatMap(({ value: { scenario } }) => (typeof scenario === 'object' ? [scenario] : [])),
]

function login(workspace: Exercise['workspace']): string | undefined {
  if (typeof workspace !== 'object' || !('git' in workspace) || workspace.git.credential === undefined) return undefined
  return `${workspace.git.url} with ${workspace.git.credential}`
}
