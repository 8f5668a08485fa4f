import type { CliTask, CodingCli, Prepared } from './cli.ts'
import { hasOption, insertAfter } from './command.ts'
import { beyond, jsonFile } from './place.ts'
import { readCursor } from './transcripts/cursor.ts'

/**
 * Cursor's CLI, after its documentation: nobody here could run it. It asks its own hosts with its own key, which therefore enters the
 * sandbox; the hosts are granted by name, and nothing is metered.
 */
export const cursor: CodingCli = {
  name: 'Cursor',
  commands: ['cursor-agent'],
  chores: ['login', 'logout', 'status', 'models', 'mcp', 'update', 'ls', '--version', '-v'],
  providers: [],
  unsupported: (harness) => beyond(harness, ['mcp_servers']),
  prepare,
  sessions: [],
  prints: 'events',
  reader: readCursor,
}

function prepare({ command, harness }: CliTask): Prepared {
  const more = [
    ...(hasOption(command, '-p', '--print') ? [] : ['--print']),
    ...(hasOption(command, '--output-format') ? [] : ['--output-format=stream-json']),
    ...(hasOption(command, '-f', '--force') ? [] : ['--force']),
    ...(hasOption(command, '--trust') ? [] : ['--trust']),
    ...(harness.mcp_servers && !hasOption(command, '--approve-mcps') ? ['--approve-mcps'] : []),
  ]
  return {
    line: insertAfter(command, 0, more),
    env: {},
    files: harness.mcp_servers ? [jsonFile('.cursor/mcp.json', { mcpServers: harness.mcp_servers })] : [],
    warnings: ['Cursor asks its own hosts: what it uses is not metered, and this preset follows its documentation untested.'],
  }
}
