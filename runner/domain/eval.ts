import { z } from 'zod'
import { slug } from './agent.ts'
import { InlineScenario } from './scenario.ts'
import { ScorerFile } from './scorer.ts'

/** An Eval, as people write it. Paths are relative to its file. */
const JudgeFile = z.union([
  z.literal('none'),
  z.strictObject({
    model: z
      .string()
      .regex(/^[\w.-]+\/.+$/, 'provider/model, such as openai/gpt-5-mini')
      .optional(),
    rubric: z.string().min(1).meta({ description: 'A file, or the text itself when it has more than one line' }),
    samples: z.number().int().min(1).max(9).default(1),
  }),
])
export const GateFile = z.strictObject({
  min_pass_rate: z.number().min(0).max(1).default(1),
  no_regressions: z.boolean().default(false),
  max_cost_usd: z.number().positive().optional(),
  min_trust: z.enum(['black-box', 'in-process', 'unverified']).optional(),
})
export type GateFile = z.infer<typeof GateFile>
/** Seed axes that a column may be wired to. Those beside `scenario_ref` are recognised, and refused by name. */
export const axes = [
  'scenario_ref',
  'workspace_seed',
  'setup_command',
  'eval',
  'turn_mode',
  'max_turns',
  'simulator_mode',
  'memory_mode',
  'user_simulator_persona',
  'scripted_user_turns',
  'tracked_constraints',
  'termination_keyword',
  'behavior',
  'state',
  'failure_rules',
  'expected_outcome',
] as const

export const EvalFile = z.strictObject({
  apiVersion: z.literal('proctor/v1'),
  kind: z.literal('Eval'),
  name: slug,
  description: z.string().default(''),
  agent: slug.optional().meta({ description: 'Default: the agent in whose folder the eval lies' }),
  dataset: z.string().min(1).optional().meta({ description: 'A CSV with a `user` column. Absent: one sample from the scenario' }),
  columns: z
    .partialRecord(z.enum(axes), z.string().min(1))
    .default({})
    .meta({ description: 'Axis -> title of the column that sets it per row' }),
  scenario: z.union([slug, InlineScenario]).optional(),
  judge: JudgeFile.optional(),
  epochs: z.number().int().min(1).max(1000).default(1),
  gate: GateFile.prefault({}),
  scorers: z.array(ScorerFile).default([]),
  oracle: z
    .strictObject({ python: z.string().regex(/\.py$/) })
    .optional()
    .meta({ description: 'Without a workspace: a file whose `run` answers right. The built-in agent `oracle` is made of it' }),
})
export type EvalFile = z.infer<typeof EvalFile>
