import type { CliTask, CodingCli, Prepared } from './cli.ts'
import { hasOption, insertAfter } from './command.ts'
import { quietSettings } from './gemini-settings.ts'
import { beyond, jsonFile, subagentFile, textFile } from './place.ts'
import { readGemini } from './transcripts/gemini.ts'

/** Gemini CLI, headless. With another address than its own it wants to be told in its settings how to log in. */
export const gemini: CodingCli = {
  name: 'Gemini CLI',
  commands: ['gemini'],
  chores: ['mcp', 'extensions', 'extension', 'skills', 'skill', 'hooks', 'hook', 'gemma', '--version', '-v'],
  providers: ['gemini'],
  tested: '0.61.0',
  unsupported: (harness) => beyond(harness, ['project_doc', 'mcp_servers', 'subagents']),
  prepare,
  sessions: [{ folder: '.gemini/tmp', files: /session-.*\.jsonl?$/ }],
  prints: 'events',
  reader: readGemini,
}

function prepare({ command, harness }: CliTask): Prepared {
  const more = [
    ...(hasOption(command, '-o', '--output-format') ? [] : ['--output-format=stream-json']),
    ...(hasOption(command, '--yolo', '-y', '--approval-mode') ? [] : ['--yolo']),
    ...(hasOption(command, '--skip-trust') ? [] : ['--skip-trust']),
  ]
  const settings = { security: { auth: { selectedType: 'gemini-api-key' } }, ...quietSettings(harness) }
  return {
    line: insertAfter(command, 0, more),
    env: {},
    files: [
      jsonFile('.gemini/settings.json', settings),
      ...(harness.project_doc === undefined ? [] : [textFile('.gemini/GEMINI.md', harness.project_doc)]),
      ...(harness.subagents ?? []).map(({ name, description, tools, model, prompt }) =>
        subagentFile('.gemini/agents', { name, description, tools, model }, { name, description, prompt }),
      ),
    ],
    warnings: [],
  }
}
