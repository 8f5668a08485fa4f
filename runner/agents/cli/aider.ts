import { providers } from '../../domain/provider.ts'
import type { CliTask, CodingCli, Prepared } from './cli.ts'
import { hasOption, insertAfter, optionValue } from './command.ts'
import { beside, besideFolder, beyond, jsonFile, textFile, unlessSet } from './place.ts'
import { readAider } from './transcripts/aider.ts'

/** Aider, headless. It exits with 0 whatever happened, and leaves its history in the repository unless told where else. */
export const aider: CodingCli = {
  name: 'Aider',
  commands: ['aider'],
  chores: ['--version', '--models', '--list-models'],
  providers: ['openai', 'anthropic', 'gemini'],
  tested: '0.86.2',
  unsupported: (harness) => beyond(harness, ['project_doc']),
  prepare,
  sessions: [{ folder: `${besideFolder}/aider`, files: /chat\.md$/ }],
  prints: 'text',
  reader: readAider,
}

const switches = [
  ['--no-stream', '--stream'],
  ['--no-pretty', '--pretty'],
  ['--no-auto-commits', '--auto-commits'],
  ['--no-dirty-commits', '--dirty-commits'],
  ['--analytics-disable'],
  ['--no-check-update', '--check-update'],
  ['--no-show-release-notes', '--show-release-notes'],
  ['--no-show-model-warnings', '--show-model-warnings'],
  ['--no-gitignore', '--gitignore'],
  ['--no-detect-urls', '--detect-urls'],
  ['--no-suggest-shell-commands', '--suggest-shell-commands'],
] as const
const histories = [
  ['--chat-history-file', 'aider/chat.md'],
  ['--input-history-file', 'aider/input.txt'],
  ['--llm-history-file', 'aider/llm.txt'],
] as const

function prepare({ command, harness, env, gateway }: CliTask): Prepared {
  const model = optionValue(command, '--model') ?? 'openai/gpt-4.1'
  const more = [
    ...(hasOption(command, '--yes-always', '--yes') ? [] : ['--yes-always']),
    ...switches.flatMap((names) => (hasOption(command, ...names) ? [] : [names[0]])),
    ...histories.flatMap(([name, file]) => (hasOption(command, name) ? [] : [name, beside(file)])),
    ...(harness.project_doc === undefined ? [] : ['--read', beside('project.md')]),
  ]
  const addresses = gateway
    ? {
        OPENAI_API_BASE: `${gateway.url}${providers.openai.path}`,
        ANTHROPIC_API_BASE: `${gateway.url}${providers.anthropic.path}`,
        GEMINI_API_BASE: `${gateway.url}${providers.gemini.path}/v1beta`,
      }
    : {}
  return {
    line: insertAfter(command, 0, more),
    env: unlessSet(env, { ...addresses, LITELLM_LOCAL_MODEL_COST_MAP: 'True', AIDER_ANALYTICS: 'false' }),
    files: [
      // Without an entry in it, the file is fetched from the internet at every start.
      jsonFile('.aider/caches/model_prices_and_context_window.json', { [model]: { max_input_tokens: 200_000, mode: 'chat' } }),
      textFile(`${besideFolder}/aider/input.txt`, ''),
      ...(harness.project_doc === undefined ? [] : [textFile(`${besideFolder}/project.md`, harness.project_doc)]),
    ],
    warnings: [],
  }
}
