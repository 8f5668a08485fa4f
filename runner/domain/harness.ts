import { z } from 'zod'

/** What a coding CLI is given beside its command line, in words that every CLI's own configuration can be made of. */
export const HarnessConfig = z.strictObject({
  system_prompt_append: z.string().min(1).max(65_536).optional().meta({ description: "Added to the CLI's own system prompt" }),
  project_doc: z
    .string()
    .min(1)
    .max(262_144)
    .optional()
    .meta({ description: 'What the CLI would read in CLAUDE.md, AGENTS.md or GEMINI.md; put outside of the workspace' }),
  mcp_servers: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'a name of letters, digits, - and _'),
      z.union([
        z.strictObject({
          command: z.string().min(1),
          args: z.array(z.string()).default([]),
          env: z.record(z.string(), z.string()).default({}),
        }),
        z.strictObject({ url: z.url({ protocol: /^https?$/ }), headers: z.record(z.string(), z.string()).default({}) }),
      ]),
    )
    .optional()
    .meta({ description: 'MCP servers, started by `command` in the sandbox or reached at `url`' }),
  subagents: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case letters, digits and single hyphens'),
        description: z.string().min(1),
        prompt: z.string().min(1),
        tools: z.array(z.string().min(1)).optional(),
        model: z.string().min(1).optional(),
      }),
    )
    .max(32)
    .optional(),
})
export type HarnessConfig = z.infer<typeof HarnessConfig>
