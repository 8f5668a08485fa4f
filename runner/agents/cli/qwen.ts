import type { CliTask, CodingCli, Prepared } from './cli.ts'
import { hasOption, insertAfter } from './command.ts'
import { quietSettings } from './gemini-settings.ts'
import { beyond, jsonFile, textFile } from './place.ts'
import { readQwen } from './transcripts/qwen.ts'

/** Qwen Code, headless, on any endpoint that speaks OpenAI's chat format. */
export const qwen: CodingCli = {
  name: 'Qwen Code',
  commands: ['qwen'],
  providers: ['openai'],
  tested: '0.24.4',
  unsupported: (harness) => beyond(harness, ['project_doc', 'mcp_servers']),
  prepare,
  sessions: [{ folder: '.qwen/projects', files: /\.jsonl$/ }],
  prints: 'events',
  reader: readQwen,
}

function prepare({ command, harness }: CliTask): Prepared {
  const more = [
    ...(hasOption(command, '-o', '--output-format') ? [] : ['--output-format=stream-json']),
    ...(hasOption(command, '--yolo', '-y', '--approval-mode') ? [] : ['--yolo']),
    ...(hasOption(command, '--auth-type') ? [] : ['--auth-type=openai']),
  ]
  return {
    line: insertAfter(command, 0, more),
    env: {},
    files: [
      jsonFile('.qwen/settings.json', quietSettings(harness)),
      ...(harness.project_doc === undefined ? [] : [textFile('.qwen/QWEN.md', harness.project_doc)]),
    ],
    warnings: [],
  }
}
