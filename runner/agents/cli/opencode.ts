import { providers } from '../../domain/provider.ts'
import { places } from '../places.ts'
import type { CliTask, CodingCli, Prepared } from './cli.ts'
import { firstArgument, hasOption, insertAfter } from './command.ts'
import { beside, besideFolder, beyond, jsonFile, textFile, unlessSet } from './place.ts'
import { readOpencode } from './transcripts/opencode.ts'

/**
 * opencode, headless. Its providers get the gateway's addresses in a configuration file of ours. The workspace's own configuration is not
 * trusted: its plugins and MCP servers would run unasked, and it could name other addresses.
 */
export const opencode: CodingCli = {
  name: 'opencode',
  commands: ['opencode'],
  chores: [
    'providers',
    'auth',
    'mcp',
    'agent',
    'models',
    'upgrade',
    'plugin',
    'session',
    'stats',
    'serve',
    'web',
    'debug',
    '--version',
    '-v',
  ],
  providers: ['anthropic', 'openai', 'gemini'],
  tested: '1.18.33',
  unsupported: (harness) => beyond(harness, ['system_prompt_append', 'project_doc', 'mcp_servers', 'subagents']),
  prepare,
  sessions: [],
  prints: 'events',
  reader: readOpencode,
}

const names = { anthropic: ['anthropic', '/v1'], openai: ['openai', ''], gemini: ['google', '/v1beta'] } as const

function prepare({ command, harness, env, gateway }: CliTask): Prepared {
  const at = firstArgument(command, ['-m', '--model', '--agent', '-c', '-s', '--session', '--format', '--title', '--port'])
  const isRun = command.words[at]?.text === 'run'
  const more = [
    ...(isRun ? [] : ['run']),
    ...(hasOption(command, '--format') ? [] : ['--format=json']),
    ...(hasOption(command, '--auto') ? [] : ['--auto']),
  ]
  const offered = gateway?.providers ?? []
  const configuration = {
    autoupdate: false,
    share: 'disabled',
    // Part of its system prompt. The workspace's document would be gone with its configuration; a file that is not there is none.
    instructions: [`${places.workspace}/AGENTS.md`, ...(harness.system_prompt_append === undefined ? [] : [beside('system.md')])],
    provider: Object.fromEntries(
      offered.map((name) => {
        const [own, more] = names[name]
        return [own, { options: { baseURL: `${gateway?.url}${providers[name].path}${more}`, apiKey: '{env:PROCTOR_RUN_TOKEN}' } }]
      }),
    ),
    mcp: Object.fromEntries(
      Object.entries(harness.mcp_servers ?? {}).map(([name, one]) => [
        name,
        'url' in one
          ? { type: 'remote', url: one.url, headers: one.headers, enabled: true }
          : { type: 'local', command: [one.command, ...one.args], environment: one.env, enabled: true },
      ]),
    ),
    agent: Object.fromEntries(
      (harness.subagents ?? []).map(({ name, description, prompt, model }) => [
        name,
        { mode: 'subagent', description, prompt, ...(model ? { model } : {}) },
      ]),
    ),
  }
  const own = {
    OPENCODE_CONFIG: beside('opencode.json'),
    OPENCODE_DISABLE_PROJECT_CONFIG: '1',
    OPENCODE_PURE: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
  }
  return {
    line: insertAfter(command, isRun ? at : 0, more),
    env: unlessSet(env, own),
    files: [
      jsonFile(`${besideFolder}/opencode.json`, configuration),
      ...(harness.system_prompt_append === undefined ? [] : [textFile(`${besideFolder}/system.md`, harness.system_prompt_append)]),
      ...(harness.project_doc === undefined ? [] : [textFile('.config/opencode/AGENTS.md', harness.project_doc)]),
    ],
    // Plugins in there are loaded without a word, also with OPENCODE_PURE and without the project's configuration.
    obeyed: isTrusting({ ...own, ...env, ...command.assigned }) ? [] : ['.opencode'],
    warnings: isRun ? [] : ['`opencode` alone waits for a person: it was run as `opencode run`.'],
  }
}

const isTrusting = ({ OPENCODE_DISABLE_PROJECT_CONFIG: disabled = '' }: Readonly<Record<string, string>>) =>
  !['1', 'true'].includes(disabled)
