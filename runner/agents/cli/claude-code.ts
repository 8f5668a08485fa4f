import type { HarnessConfig } from '../../domain/harness.ts'
import { places } from '../places.ts'
import type { CliTask, CodingCli, Prepared } from './cli.ts'
import { hasOption, insertAfter, optionValue } from './command.ts'
import { beside, besideFolder, beyond, jsonFile, subagentFile, textFile, unlessSet } from './place.ts'
import { readClaudeCode } from './transcripts/claude-code.ts'

/** Claude Code, headless. Its workspace's own settings, hooks and MCP servers are not trusted: in this mode it would start them unasked. */
export const claudeCode: CodingCli = {
  name: 'Claude Code',
  commands: ['claude'],
  chores: ['mcp', 'plugin', 'plugins', 'auth', 'config', 'doctor', 'install', 'setup-token', 'update', 'upgrade', '--version', '-v'],
  providers: ['anthropic'],
  tested: '2.1.329',
  unsupported: (harness) => beyond(harness, ['system_prompt_append', 'project_doc', 'mcp_servers', 'subagents']),
  prepare,
  sessions: [{ folder: '.claude/projects', files: /\.jsonl$/ }],
  prints: 'events',
  reader: readClaudeCode,
}

const quiet = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
  // It retries what no retry helps, such as a refused key, ten times with growing pauses.
  CLAUDE_CODE_MAX_RETRIES: '2',
}
// Without the workspace's settings its CLAUDE.md would be gone too; that of an added folder is read, and nothing else of it is.
const readsDocument = { CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD: '1' }

function prepare({ command, harness, env }: CliTask): Prepared {
  const { system_prompt_append, project_doc, mcp_servers, subagents = [] } = harness
  const format = optionValue(command, '--output-format')
  const streams = !hasOption(command, '--output-format') || format === 'stream-json'
  const ownSources = hasOption(command, '--setting-sources')
  const more = [
    ...(hasOption(command, '-p', '--print') ? [] : ['--print']),
    ...(hasOption(command, '--dangerously-skip-permissions', '--permission-mode') ? [] : ['--dangerously-skip-permissions']),
    ...(hasOption(command, '--output-format') ? [] : ['--output-format=stream-json']),
    ...(streams && !hasOption(command, '--verbose') ? ['--verbose'] : []),
    ...(hasOption(command, '--strict-mcp-config') ? [] : ['--strict-mcp-config']),
    ...(ownSources ? [] : ['--setting-sources=user', `--add-dir=${places.workspace}`]),
    ...(mcp_servers ? [`--mcp-config=${beside('mcp.json')}`] : []),
    ...(system_prompt_append === undefined ? [] : [`--append-system-prompt-file=${beside('system.md')}`]),
  ]
  return {
    line: insertAfter(command, 0, more),
    env: unlessSet(env, { ...quiet, ...(ownSources ? {} : readsDocument) }),
    files: [
      ...(project_doc === undefined ? [] : [textFile('.claude/CLAUDE.md', project_doc)]),
      ...(system_prompt_append === undefined ? [] : [textFile(`${besideFolder}/system.md`, system_prompt_append)]),
      ...(mcp_servers ? [jsonFile(`${besideFolder}/mcp.json`, { mcpServers: servers(mcp_servers) })] : []),
      ...subagents.map(({ tools, ...one }) =>
        subagentFile('.claude/agents', { name: one.name, description: one.description, tools: tools?.join(', '), model: one.model }, one),
      ),
    ],
    warnings: streams ? [] : [`The command sets --output-format ${format ?? 'itself'}: steps come from the session log alone.`],
  }
}

const servers = (all: NonNullable<HarnessConfig['mcp_servers']>) =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, 'url' in one ? { type: 'http', ...one } : one]))
