import { z } from 'zod'
import { hostName, size, slug } from './agent.ts'
import { GateFile } from './eval.ts'

const money = z.number().min(0)
const PriceFile = z.strictObject({ input: money, output: money, cache_read: money.optional(), cache_write: money.optional() })

/** What one agent, or all whose name fits, may use. Each part that is left out grants nothing beyond the default. */
const GrantFile = z.strictObject({
  agent: z.union([slug, z.literal('*')]),
  credentials: z
    .record(z.string().min(1), z.strictObject({ hosts: z.array(hostName).optional() }))
    .default({})
    .meta({ description: 'Name -> hosts that it may be sent to. With hosts, the agent can reach those and no others' }),
  network: z.union([z.enum(['none', 'gateway', 'open']), z.strictObject({ allow: z.array(hostName).min(1) })]).default('gateway'),
  budget: z.strictObject({ cost_usd: z.number().positive().optional(), tokens: z.number().int().positive().optional() }).optional(),
  resources: z
    .strictObject({
      cpus: z.number().positive().optional(),
      memory: size.optional(),
      pids: z.number().int().positive().optional(),
      disk: size.optional(),
    })
    .optional()
    .meta({ description: 'The most that its environment may ask for' }),
})
export type GrantFile = z.infer<typeof GrantFile>

const only = {
  evals: z.array(z.string().min(1)).min(1).optional().meta({ description: 'Names of evals. Absent: all' }),
}
const branches = z.array(z.string().min(1)).min(1).optional()

/** What the GitHub App looks at by itself. In a workflow, its `on:` says that. */
const TriggerFile = z.strictObject({
  pull_request: z
    .union([
      z.literal(false),
      z.strictObject({
        ...only,
        branches: branches.meta({ description: 'Globs of base branches. Absent: all' }),
        labels: z
          .array(z.string().min(1))
          .min(1)
          .optional()
          .meta({ description: 'Only with one of these labels. Absent: without any too' }),
        drafts: z.boolean().default(false).meta({ description: 'Also drafts' }),
      }),
    ])
    .optional(),
  push: z
    .union([z.literal(false), z.strictObject({ ...only, branches: branches.meta({ description: 'Globs. Absent: the default branch' }) })])
    .optional(),
  tag: z
    .union([z.literal(false), z.strictObject(only)])
    .optional()
    .meta({ description: 'Tags of versions, and releases: <agent>@1.2.0, or v1.2.0 for all agents' }),
  merge_queue: z.union([z.literal(false), z.strictObject(only)]).optional(),
})

/** .github/proctor.yml: what holds for every eval of the repository that does not say otherwise. */
export const ConfigFile = z.strictObject({
  apiVersion: z.literal('proctor/v1').optional(),
  judge_model: z
    .string()
    .regex(/^(none|[\w.-]+\/.+)$/, 'provider/model, such as openai/gpt-5-mini, or none')
    .optional()
    .meta({ description: 'Judge of every eval that names none; `none` = evals without a judge need not say so' }),
  gate: GateFile.partial().optional().meta({ description: 'Defaults for the gate of every eval' }),
  prices: z
    .record(z.string().regex(/^[\w.-]+\/.+$/, 'provider/model, such as anthropic/claude-*'), PriceFile)
    .optional()
    .meta({ description: 'US dollars per million tokens, over the built-in table. A name that ends in * stands for all that begin so' }),
  grants: z.array(GrantFile).optional().meta({
    description: 'What agents may use. Absent: at a desk, everything that agent.yaml asks for; on GitHub, nothing beyond the gateway',
  }),
  triggers: TriggerFile.optional().meta({
    description: 'What the GitHub App evaluates by itself. Absent, and for each part that is absent: everything; `false`: nothing',
  }),
  comment: z
    .enum(['changes', 'always', 'never'])
    .optional()
    .meta({ description: 'When a pull request gets a comment: once there is something to tell (default), always, or never' }),
  release: z
    .strictObject({ on_failure: z.enum(['comment', 'prerelease', 'nothing']).default('comment') })
    .optional()
    .meta({
      description:
        'What a gate that is not met does to a release, beside the verdict in its notes: a comment on the commit, a mark as prerelease, or nothing',
    }),
  budget: z
    .strictObject({
      cost_usd: z.number().positive().optional().meta({ description: 'US dollars for all runs and judgements together' }),
      wall_s: z.number().int().positive().optional().meta({ description: 'Seconds' }),
    })
    .optional(),
})
export type TriggerFile = z.infer<typeof TriggerFile>
export type ConfigFile = z.infer<typeof ConfigFile>
