import { z } from 'zod'
import { HarnessConfig } from './harness.ts'

/** agent.yaml, as people write it. `eidolon/v1` is read too: there, names keep their case. */
export const slug = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'a slug: lower-case letters, digits and single hyphens')
  .max(64)
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
export const size = z.string().regex(/^\d+(\.\d+)?[mg]$/i, 'a size such as 512m or 2g')
/** An entry of an allow-list: a host, all hosts below a domain, or a host with a port. */
export const hostName = z
  .string()
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?(:\d{1,5})?$/i,
    'a host name such as example.com or *.example.com',
  )
const relative = z.string().min(1).max(1024)

export const EnvironmentFile = z.strictObject({
  python_version: z.enum(['3.9', '3.10', '3.11', '3.12', '3.13']).default('3.13'),
  requirements: z.array(z.string().min(1).regex(/^[^-]/, 'a requirement, not an option')).max(200).default([]),
  system_packages: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9+.-]*(=[\w.+:~-]+)?$/, 'a Debian package name'))
    .max(50)
    .default([]),
  setup_command: z.string().min(1).optional(),
  dockerfile: z.string().max(32_768).optional().meta({ description: 'Body only: RUN, ENV and WORKDIR' }),
  env: z.record(envName, z.union([z.string(), z.strictObject({ credential: z.string().min(1) })])).default({}),
  network: z
    .union([z.enum(['none', 'gateway', 'open']), z.strictObject({ allow: z.array(hostName).min(1).max(100) })])
    .optional()
    .meta({
      description:
        'What an agent can reach: nothing, models through the gateway, those and some hosts, or everything. Default: `gateway` for a known coding CLI and for an agent that binds the key of a model provider, else `none`',
    }),
  resources: z
    .strictObject({
      cpus: z.number().min(0.1).max(64).default(2),
      memory: size.default('2g'),
      pids: z.number().int().min(16).max(32_768).default(512),
      disk: size.default('10g'),
    })
    .default({ cpus: 2, memory: '2g', pids: 512, disk: '10g' }),
  sudo: z.boolean().default(true),
})
export type EnvironmentFile = z.infer<typeof EnvironmentFile>

const git = z.strictObject({
  url: z.string().min(1),
  ref: z.string().min(1).optional(),
  subdirectory: relative.optional(),
  credential: z.string().min(1).optional(),
  stored_token: z.literal(true).optional().meta({ description: 'Use the token that `proctor credentials set --git URL` stored' }),
})
const AgentSource = z.union([
  z.literal('.'),
  z.strictObject({ file: relative }).meta({ description: 'One file of this package, at most 200 KB' }),
  z
    .strictObject({ files: z.array(relative).min(1).max(50) })
    .meta({ description: 'At most 50 files of this package, 200 KB each, 1 MB together' }),
  z.strictObject({ zip: relative }).meta({ description: 'An archive of this package: at most 100 MB packed, 500 MB unpacked' }),
  z.strictObject({ git }).meta({ description: 'https only; the ref is strict' }),
])

const common = {
  apiVersion: z.enum(['proctor/v1', 'eidolon/v1']),
  name: slug,
  description: z.string().default(''),
  draft: z.boolean().default(false),
  source: AgentSource.default('.'),
  run_timeout_s: z.number().int().min(1).max(1800).default(300),
  concurrency_cap: z.number().int().min(1).max(1000).default(5),
  environment: EnvironmentFile.prefault({}),
  budget: z.strictObject({ cost_usd: z.number().positive().optional(), tokens: z.number().int().positive().optional() }).optional(),
  models: z.array(z.string().min(1)).optional(),
  tools: z.string().min(1).optional(),
  input_schema: z.record(z.string(), z.json()).optional(),
  output_schema: z.record(z.string(), z.json()).optional(),
}

export const PythonFunctionFile = z.strictObject({
  ...common,
  kind: z.literal('PythonFunction'),
  entrypoint: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'the name of a top-level callable; dotted paths are rejected')
    .default('run'),
  entrypoint_file: relative.regex(/\.py$/, 'a .py file').default('main.py'),
})
export const ShellCommandFile = z.strictObject({
  ...common,
  kind: z.literal('ShellCommand'),
  run_command: z.string().min(1),
  harness_config: HarnessConfig.optional(),
})
export const AgentFile = z.discriminatedUnion('kind', [PythonFunctionFile, ShellCommandFile])
export type AgentFile = z.infer<typeof AgentFile>

/** Kinds of the format that this release recognises and refuses by name. */
export const laterKinds = ['GenericAgent', 'Agent'] as const
