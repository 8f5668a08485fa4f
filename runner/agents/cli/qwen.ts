import type { HarnessConfig } from '../../domain/harness.ts'
import type { CliTask, CodingCli, Prepared } from './cli.ts'
import { hasOption, insertAfter } from './command.ts'
import { quietSettings } from './gemini-settings.ts'
import { beside, besideFolder, beyond, jsonFile, textFile, unlessSet } from './place.ts'
import { readQwen } from './transcripts/qwen.ts'

/**
 * Qwen Code, headless, on any endpoint that speaks OpenAI's chat format. It would run hooks and MCP servers of the workspace's settings
 * unasked; only settings of the system stand above those.
 */
export const qwen: CodingCli = {
  name: 'Qwen Code',
  commands: ['qwen'],
  chores: ['auth', 'mcp', 'extensions', 'hooks', 'sessions', 'update', 'serve', 'channel', 'board', '--version', '-v'],
  providers: ['openai'],
  tested: '0.24.4',
  unsupported: (harness) => beyond(harness, ['system_prompt_append', 'project_doc', 'mcp_servers']),
  prepare,
  sessions: [{ folder: '.qwen/projects', files: /\.jsonl$/ }],
  prints: 'events',
  reader: readQwen,
}

function prepare({ command, harness, env }: CliTask): Prepared {
  const ownServers = hasOption(command, '--mcp-config')
  const more = [
    ...(hasOption(command, '-o', '--output-format') ? [] : ['--output-format=stream-json']),
    ...(hasOption(command, '--yolo', '-y', '--approval-mode') ? [] : ['--yolo']),
    ...(hasOption(command, '--auth-type') ? [] : ['--auth-type=openai']),
    ...(harness.system_prompt_append === undefined ? [] : [`--append-system-prompt=${harness.system_prompt_append}`]),
  ]
  return {
    line: insertAfter(command, 0, more),
    env: unlessSet(env, { QWEN_CODE_SYSTEM_SETTINGS_PATH: beside('qwen.json') }),
    files: [
      jsonFile('.qwen/settings.json', quietSettings(harness)),
      jsonFile(`${besideFolder}/qwen.json`, above(harness, ownServers)),
      ...(harness.project_doc === undefined ? [] : [textFile('.qwen/QWEN.md', harness.project_doc)]),
    ],
    warnings: ownServers
      ? ['With --mcp-config on the command line, MCP servers of the workspace start too: `mcp_servers` does without.']
      : [],
  }
}

/** A list of allowed servers that is empty allows none. */
const above = ({ mcp_servers = {} }: HarnessConfig, ownServers: boolean) => ({
  disableAllHooks: true,
  tools: { discoveryCommand: '' },
  ...(ownServers ? {} : { mcp: { allowed: Object.keys(mcp_servers) } }),
})
