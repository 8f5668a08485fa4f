import type { HarnessConfig } from '../../domain/harness.ts'
import { providers } from '../../domain/provider.ts'
import { places } from '../places.ts'
import type { CliTask, CodingCli, Prepared } from './cli.ts'
import { type Command, firstArgument, hasOption, insertAfter } from './command.ts'
import { beyond, textFile, unlessSet } from './place.ts'
import { readCodex } from './transcripts/codex.ts'

/**
 * Codex, headless. A provider of its own in the configuration, because its built-in one ignores addresses in the environment and first tries
 * web sockets. Its own sandbox is off: inside a container it fails every command, and still exits with 0.
 */
export const codex: CodingCli = {
  name: 'Codex',
  commands: ['codex'],
  chores: ['login', 'logout', 'mcp', 'plugin', 'completion', 'update', 'doctor', 'features', 'sandbox', 'apply', 'a', '--version', '-V'],
  providers: ['openai'],
  tested: '0.169.0',
  unsupported: (harness) => beyond(harness, ['system_prompt_append', 'project_doc', 'mcp_servers']),
  prepare,
  sessions: [{ folder: '.codex/sessions', files: /rollout-.*\.jsonl$/ }],
  prints: 'events',
  reader: readCodex,
}

const valued = [
  '-m',
  '--model',
  '-c',
  '--config',
  '-p',
  '--profile',
  '-s',
  '--sandbox',
  '-C',
  '--cd',
  '-i',
  '--image',
  '--add-dir',
  '-a',
  '--ask-for-approval',
  '--local-provider',
  '-o',
  '--enable',
  '--disable',
]

function prepare(task: CliTask): Prepared {
  const { command, harness, env } = task
  const at = firstArgument(command, valued)
  const isExec = ['exec', 'e'].includes(command.words[at]?.text ?? '')
  const more = [
    ...(isExec ? [] : ['exec']),
    ...(hasOption(command, '--json') ? [] : ['--json']),
    ...(hasOption(command, '--skip-git-repo-check') ? [] : ['--skip-git-repo-check']),
    ...(hasOwnPolicy(command) ? [] : ['--dangerously-bypass-approvals-and-sandbox']),
  ]
  const key = env.OPENAI_API_KEY
  return {
    line: insertAfter(command, isExec ? at : beforePrompt(command, at), more),
    env: unlessSet(env, { CODEX_HOME: `${places.home}/.codex`, ...(key === undefined ? {} : { CODEX_API_KEY: key }) }),
    files: [
      textFile('.codex/config.toml', configuration(task)),
      ...(harness.project_doc === undefined ? [] : [textFile('.codex/AGENTS.md', harness.project_doc)]),
    ],
    warnings: isExec ? [] : ['`codex` alone waits for a person: it was run as `codex exec`.'],
  }
}

/** Where `exec` goes: some options stand only before it, all that come behind a prompt also behind it. */
function beforePrompt({ words }: Command, prompt: number): number {
  const last = (prompt === -1 ? words.length : prompt) - 1
  return words[last]?.text === '--' ? last - 1 : last
}

const hasOwnPolicy = (command: Command) =>
  hasOption(command, '--dangerously-bypass-approvals-and-sandbox', '--yolo', '--sandbox', '-s', '--full-auto')

function configuration({ harness, gateway }: CliTask): string {
  const isRedirected = gateway?.providers.includes('openai') === true
  return [
    ...(isRedirected ? ['model_provider = "proctor"'] : []),
    ...(harness.system_prompt_append === undefined ? [] : [`developer_instructions = ${text(harness.system_prompt_append)}`]),
    'approval_policy = "never"',
    'sandbox_mode = "danger-full-access"',
    'check_for_update_on_startup = false',
    // A login shell would forget the PATH of the image.
    'allow_login_shell = false',
    'web_search = "disabled"',
    '[analytics]\nenabled = false',
    // A snapshot of the shell is a file with the token in it.
    '[features]\napps = false\nplugins = false\nshell_snapshot = false',
    '[shell_environment_policy]\ninherit = "all"\nignore_default_excludes = false\nexclude = ["*_RUN_TOKEN", "*_API_KEY"]',
    ...(isRedirected && gateway
      ? [
          [
            '[model_providers.proctor]',
            'name = "proctor"',
            `base_url = ${text(`${gateway.url}${providers.openai.path}`)}`,
            'env_key = "PROCTOR_RUN_TOKEN"',
            'wire_api = "responses"',
            'request_max_retries = 2',
            'stream_max_retries = 2',
          ].join('\n'),
        ]
      : []),
    ...Object.entries(harness.mcp_servers ?? {}).map(server),
    '',
  ].join('\n')
}

function server([name, one]: [string, NonNullable<HarnessConfig['mcp_servers']>[string]]): string {
  const lines =
    'url' in one
      ? [`url = ${text(one.url)}`, ...(Object.keys(one.headers).length > 0 ? [`http_headers = ${table(one.headers)}`] : [])]
      : [`command = ${text(one.command)}`, `args = [${one.args.map(text).join(', ')}]`, `env = ${table(one.env)}`]
  return [`[mcp_servers.${name}]`, ...lines].join('\n')
}

const table = (all: Readonly<Record<string, string>>) =>
  `{ ${Object.entries(all)
    .map(([key, value]) => `${text(key)} = ${text(value)}`)
    .join(', ')} }`

/** A basic string of TOML: JSON's escapes are among those that it knows, but for DEL, which it wants escaped too. */
const text = (value: string) => JSON.stringify(value).replaceAll('\u007f', '\\u007f')
