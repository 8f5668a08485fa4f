import { z } from 'zod'
import { EnvironmentFile, slug } from './agent.ts'
import { ScorerFile } from './scorer.ts'

/** A Scenario, as people write it. Paths are relative to its file. */
const subdirectory = z.string().min(1).optional()
const WorkspaceFile = z.union([
  z.literal('empty'),
  z.strictObject({
    git: z.strictObject({
      url: z.string().min(1),
      ref: z.string().min(1).optional(),
      subdirectory,
      credential: z.string().min(1).optional(),
    }),
  }),
  z.strictObject({ zip: z.union([z.string().min(1), z.strictObject({ path: z.string().min(1), subdirectory })]) }),
  z.strictObject({ dir: z.string().min(1) }),
  z.strictObject({
    package: z.strictObject({
      registry: z.enum(['pypi', 'npm']),
      name: z.string().min(1),
      version: z.string().min(1),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      subdirectory,
    }),
  }),
])

const globs = z.array(z.string().min(1))
const scenarioFields = {
  description: z.string().default(''),
  instruction: z.string().min(1).optional().meta({ description: 'Default for the `user` column' }),
  workspace: WorkspaceFile,
  environment: EnvironmentFile.prefault({}),
  setup: z
    .discriminatedUnion('mode', [
      z.strictObject({ mode: z.literal('platform'), command: z.string().min(1) }),
      z.strictObject({ mode: z.literal('agent'), instructions: z.string().min(1) }),
    ])
    .optional(),
  editable: globs
    .min(1)
    .optional()
    .meta({ description: 'Only these paths of the diff enter grading. Default: all but test files and runner hooks' }),
  protected: globs.default([]).meta({ description: 'Put back exactly from the baseline' }),
  hooks: globs.default([]).meta({ description: 'Runner hooks (conftest.py, package.json, Makefile ...) that the agent may change' }),
  grading: z.enum(['isolated', 'live']).default('isolated'),
  scorers: z.array(ScorerFile).default([]),
  oracle: z
    .union([z.strictObject({ patch: z.string().min(1) }), z.strictObject({ command: z.string().min(1) })])
    .optional()
    .meta({
      description:
        'A known solution: the built-in agent `oracle` applies it. `patch` is a file for git apply; `command` runs in the workspace',
    }),
}
export const ScenarioFile = z.strictObject({
  apiVersion: z.literal('proctor/v1'),
  kind: z.literal('Scenario'),
  name: slug,
  ...scenarioFields,
})
export type ScenarioFile = z.infer<typeof ScenarioFile>
/** The same, written inside an Eval. */
export const InlineScenario = z.strictObject({ name: slug.optional(), ...scenarioFields })
