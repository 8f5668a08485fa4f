import { EnvironmentFile } from '../../runner/domain/agent.ts'
import type { Layer } from '../../runner/domain/environment.ts'
import { environmentOf } from '../../runner/plan/freeze/environment.ts'

/** What a Dockerfile body is made of, on the base image. */
export const customRecipe = (dockerfile: string): readonly Layer[] => [
  { base: 'proctor-base:latest' },
  ...environmentOf(EnvironmentFile.parse({ dockerfile })).recipe,
]
