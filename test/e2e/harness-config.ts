import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report, ReportRun } from '../../runner/domain/report.ts'
import { makeBug } from '../fakes/model-server/bug.ts'
import { modelServer } from '../fakes/model-server/server.ts'
import { type Ended, proctor, readReport } from '../support/cli.ts'
import { ofClis } from '../support/of-clis.ts'
import { there } from '../support/there.ts'
import { scenarioYaml, written } from '../support/written.ts'

/** Each marker stands in one part of the configuration, and has to reach the model. */
const parts = {
  system_prompt_append: 'system_prompt_append: Say nothing of the quartz otter.',
  project_doc: 'project_doc: Mind the copper heron.',
  subagents: 'subagents: [{name: reviewer, description: Watches the velvet badger, prompt: Look closely.}]',
  mcp_servers: 'mcp_servers: {probe: {command: node, args: [/home/user/agent/probe.mjs], env: {PROBE: "amber newt"}}}',
} as const
type Part = keyof typeof parts
const marks: Readonly<Record<Part, RegExp>> = {
  system_prompt_append: /quartz otter/,
  project_doc: /copper heron/,
  subagents: /velvet badger/,
  // Some name the tools of servers, and describe them only when asked.
  mcp_servers: /amber newt|mcp__probe/,
}

/** A server of one tool, whose description is what its environment says. */
const probe = `import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
appendFileSync('/home/user/outputs/probe-started', 'x')
const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'probe', version: '1' } }),
  'tools/list': () => ({ tools: [{ name: 'ask_probe', description: 'Tells of the ' + process.env.PROBE, inputSchema: { type: 'object', properties: {} } }] }),
  'prompts/list': () => ({ prompts: [] }), 'resources/list': () => ({ resources: [] }), ping: () => ({}),
}
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  const result = answers[method]?.(params)
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, ...(result ? { result } : { error: { code: -32601, message: 'no' } }) }))
}
`
const clis = {
  claude: {
    install: 'RUN sudo npm install -g @anthropic-ai/claude-code',
    command: 'claude -p "$(cat $PIPELINES_TASK_FILE)"',
    can: ['system_prompt_append', 'project_doc', 'subagents', 'mcp_servers'],
  },
  codex: {
    install: 'RUN sudo npm install -g @openai/codex',
    command: 'codex exec -m gpt-5.5 "$(cat $PIPELINES_TASK_FILE)"',
    can: ['system_prompt_append', 'project_doc', 'mcp_servers'],
  },
  aider: {
    install: 'RUN uv tool install --python 3.11 aider-chat',
    command: '/home/user/.local/bin/aider --model openai/gpt-4.1 --message-file $PIPELINES_TASK_FILE *.py',
    can: ['project_doc'],
  },
  gemini: {
    install: 'RUN sudo npm install -g @google/gemini-cli',
    command: 'gemini -m gemini-2.5-pro -p "$(cat $PIPELINES_TASK_FILE)"',
    can: ['project_doc', 'subagents', 'mcp_servers'],
  },
  opencode: {
    install: 'RUN sudo npm install -g opencode-ai',
    command: 'opencode run -m openai/gpt-4.1 "$(cat $PIPELINES_TASK_FILE)"',
    can: ['system_prompt_append', 'project_doc', 'subagents', 'mcp_servers'],
  },
} as const satisfies Record<string, { install: string; command: string; can: readonly Part[] }>
type Name = keyof typeof clis
const names = Object.keys(clis) as Name[] // the keys of a constant

const agentOf = (name: Name) => `apiVersion: proctor/v1
kind: ShellCommand
name: ${name}
run_command: >-
  ${clis[name].command}
run_timeout_s: 240
environment:
  resources: {memory: 4g}
  dockerfile: |
    ${clis[name].install}
harness_config:
${clis[name].can.map((part) => `  ${parts[part]}\n`).join('')}`

describe('what harness_config says reaches the model of a real CLI', () => {
  const bug = makeBug()
  let folder: Awaited<ReturnType<typeof written>>
  let report: Report
  let ended: Ended
  /** All that a CLI asked of its model. */
  const asked = new Map<Name, string>()

  beforeAll(async () => {
    folder = await written({
      ...Object.fromEntries(Object.entries(bug.files).map(([path, text]) => [`scenarios/bug/tree/${path}`, text])),
      'scenarios/bug/scenario.yaml': scenarioYaml(
        'bug',
        `workspace: {dir: tree}\nscorers: [{name: tests, type: tests, command: ${JSON.stringify(bug.command)}}]\n`,
      ),
      ...Object.fromEntries(
        names.flatMap((name) => [
          [`agents/${name}/agent.yaml`, agentOf(name)],
          [`agents/${name}/probe.mjs`, probe],
          [
            `agents/${name}/evals/fix.yaml`,
            `apiVersion: proctor/v1\nkind: Eval\nname: fix-${name}\nscenario: bug\ndataset: fix.csv\njudge: none\n`,
          ],
          [`agents/${name}/evals/fix.csv`, `id,user\nfix,"${bug.prompt} Remark: of ${name}."\n`],
        ]),
      ),
    })
    await using server = await modelServer()
    ended = await proctor(['run', folder.root, '--out', folder.at('out'), '--concurrency', '2', '--attempts', '1'], {
      env: { ...ofClis, ...server.variables },
    })
    for (const name of names) {
      const own = server.questions().filter(({ body }) => body.includes(`Remark: of ${name}.`))
      asked.set(name, own.map(({ body }) => body).join('\n'))
    }
    report = await readReport(folder.at('out'))
  }, 900_000)
  afterAll(() => rm(folder.root, { recursive: true, force: true }))

  const runOf = (name: Name): ReportRun => there(report.batches.find(({ agent }) => agent === name)?.runs[0])
  const table = names.flatMap((name) => clis[name].can.map((part) => [name, part] as const))

  test.each(names)('%s does its work all the same', (name) => {
    expect(runOf(name), ended.stderr).toMatchObject({ verdict: 'pass', warnings: [], diff: { files: 1 } })
  })

  test.each(table)('%s: %s', (name, part) => {
    expect(marks[part].test(asked.get(name) ?? ''), ended.stderr).toBe(true)
    if (part === 'mcp_servers') expect(runOf(name).outputs.map((output) => output.name)).toEqual(['probe-started'])
  })
})
