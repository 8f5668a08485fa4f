import type { EnvironmentFile } from '../domain/agent.ts'
import type { Layer } from '../domain/environment.ts'
import type { ProctorError } from '../domain/error.ts'
import { environmentOf } from './freeze/environment.ts'
import { readPackage } from './read/read-package.ts'

type CustomRecipe = { readonly recipe: readonly Layer[]; readonly of: string }

/**
 * What the Dockerfile bodies of a package or repository make: a recipe for each agent and scenario that has one, exactly as a run asks
 * for it. Files with problems are left out, and their problems told. Throws `package_not_found`.
 */
export function customRecipes(
  root: string,
  image = 'proctor-base:latest',
): { readonly recipes: readonly CustomRecipe[]; readonly problems: readonly ProctorError[] } {
  const { agents, scenarios, evals, problems } = readPackage(root)
  const inline = evals.flatMap(({ value }) =>
    typeof value.scenario === 'object' ? [{ ...value.scenario, name: value.scenario.name ?? value.name }] : [],
  )
  const written = [...agents.map(({ value }) => value), ...scenarios.map(({ value }) => value), ...inline]
  return { recipes: written.flatMap(({ name, environment }) => recipeOf(name, environment, image)), problems }
}

function recipeOf(of: string, file: EnvironmentFile, image: string): CustomRecipe[] {
  const { recipe, custom } = environmentOf(file)
  return custom === undefined ? [] : [{ of, recipe: [{ base: image }, ...recipe.slice(0, custom)] }]
}
