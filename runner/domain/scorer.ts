import { z } from 'zod'
import type { BlobRef, Json } from './blob.ts'

/** What an author writes under `scorers`. One schema a type; what a type does lives in grade/scorers under the same name. */
const common = {
  name: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[\w .:-]+$/)
    .meta({ description: 'Shown on the badge; unique in the eval' }),
  required: z.boolean().default(true).meta({ description: 'Whether a FAIL fails the run' }),
}
const timeout_s = z.number().int().min(1).max(3600).default(900).meta({ description: 'Seconds, 1..3600' })
const command = z.string().min(1).meta({ description: 'Shell command, run in the workspace' })
const patterns = z.array(z.string().min(1)).min(1).meta({ description: 'Globs relative to the workspace' })
const files = z
  .string()
  .min(1)
  .meta({ description: 'A folder beside this file; grading lays it over the workspace, the agent never sees it' })

export const CommandScorer = z.strictObject({ ...common, type: z.literal('command'), command, timeout_s, files: files.optional() })
export const TestsScorer = z.strictObject({
  ...common,
  type: z.literal('tests'),
  command: command.default('python -m pytest -q'),
  format: z
    .enum(['pytest', 'junit', 'tap'])
    .default('pytest')
    .meta({ description: 'pytest: results are collected by proctor; junit: the command writes `results`; tap: on its stdout' }),
  results: z.string().optional().meta({ description: 'junit only: path of the XML file, relative to the workspace' }),
  fail_to_pass: z.array(z.string().min(1)).optional(),
  pass_to_pass: z.array(z.string().min(1)).optional(),
  files: files.optional(),
  negative_control: z
    .strictObject({ command })
    .optional()
    .meta({ description: 'junit and tap: a command that runs the same tests with failing bodies; pytest has one built in' }),
  timeout_s,
})
export const ScriptScorer = z.strictObject({
  ...common,
  type: z.literal('script'),
  file: z
    .string()
    .regex(/\.(py|sh)$/)
    .meta({
      description: "The grader: a .py or .sh file inside `files`. It runs under its own uid and starts the agent's code with `as-agent`",
    }),
  files,
  timeout_s,
})
export const AllowedPathsScorer = z.strictObject({ ...common, type: z.literal('allowed_paths'), patterns })
export const ForbidPathsScorer = z.strictObject({ ...common, type: z.literal('forbid_paths'), patterns })
export const DiffSizeScorer = z.strictObject({
  ...common,
  type: z.literal('diff_size'),
  max_files: z.number().int().min(0).optional(),
  max_added: z.number().int().min(0).optional(),
  max_removed: z.number().int().min(0).optional(),
  max_lines: z.number().int().min(0).optional().meta({ description: 'Added and removed lines together' }),
})
const TestIntegrityScorer = z.strictObject({ ...common, type: z.literal('test_integrity') })
/** `{column: NAME}` takes the value from the row: `expected`, or a column of the input. */
const wanted = z.union([z.string(), z.strictObject({ column: z.string().min(1) })])
export const ResponseScorer = z.strictObject({
  ...common,
  type: z.literal('response'),
  exact: wanted.optional(),
  contains: wanted.optional(),
  regex: wanted.optional(),
  json_equals: z.union([wanted, z.json()]).optional(),
  ignore_case: z.boolean().default(false),
})
export const OutputSchemaScorer = z.strictObject({
  ...common,
  type: z.literal('output_schema'),
  schema: z
    .record(z.string(), z.json())
    .optional()
    .meta({ description: "JSON Schema of the response; default: the agent's output_schema" }),
})

export const ScorerFile = z.discriminatedUnion('type', [
  CommandScorer,
  TestsScorer,
  ScriptScorer,
  AllowedPathsScorer,
  ForbidPathsScorer,
  DiffSizeScorer,
  TestIntegrityScorer,
  ResponseScorer,
  OutputSchemaScorer,
])
export type ScorerFile = z.infer<typeof ScorerFile>
export type ScorerType = ScorerFile['type']

/** Frozen: the written options and, when it had `files`, their tar. */
export type ScorerSpec = {
  readonly name: string
  readonly type: ScorerType
  readonly required: boolean
  readonly options: Readonly<Record<string, Json>>
  readonly files?: BlobRef
}
