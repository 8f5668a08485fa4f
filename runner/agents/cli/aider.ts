import { providers } from '../../domain/provider.ts'
import type { CliTask, CodingCli, Prepared } from './cli.ts'
import { hasOption, insertAfter, optionValue } from './command.ts'
import { beside, besideFolder, beyond, jsonFile, textFile, unlessSet } from './place.ts'
import { readAider } from './transcripts/aider.ts'

/**
 * Aider, headless. It exits with 0 whatever happened, and leaves its history in the repository unless told where else. Nothing
 * switches its settings in the workspace off, which can run any command: they are not there while it runs.
 */
export const aider: CodingCli = {
  name: 'Aider',
  commands: ['aider'],
  chores: ['--version', '--models', '--list-models'],
  providers: ['openai', 'anthropic', 'gemini'],
  tested: '0.86.2',
  unsupported: (harness) => beyond(harness, ['project_doc']),
  prepare,
  litter: ['.aider.tags.cache.v3', '.aider.tags.cache.v4'],
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
/** Histories of ours. */
const values = [
  ['--chat-history-file', beside('aider/chat.md')],
  ['--input-history-file', beside('aider/input.txt')],
  ['--llm-history-file', beside('aider/llm.txt')],
] as const

/** Files of the workspace that it takes for its own, and the options with which an author names them on purpose. */
const settings = [
  ['.aider.conf.yml', '--config', '-c'],
  ['.aider.model.settings.yml', '--model-settings-file'],
  ['.aider.model.metadata.json', '--model-metadata-file'],
] as const

const surroundings = {
  LITELLM_LOCAL_MODEL_COST_MAP: 'True',
  AIDER_ANALYTICS: 'false',
  // A .env of the workspace would set anything, PATH included.
  PYTHON_DOTENV_DISABLED: '1',
  // It walks through a set of files: the same files are then the same request, which a recording needs.
  PYTHONHASHSEED: '0',
}

function prepare({ command, harness, env, gateway }: CliTask): Prepared {
  const model = optionValue(command, '--model') ?? 'openai/gpt-4.1'
  /** It reads each option from a variable too. */
  const isSet = (...names: readonly string[]) =>
    hasOption(command, ...names) || names.map(variableOf).some((name) => name in env || name in command.assigned)
  const addresses: { readonly [name: string]: string; readonly OPENAI_API_BASE?: string } = gateway
    ? {
        OPENAI_API_BASE: `${gateway.url}${providers.openai.path}`,
        ANTHROPIC_API_BASE: `${gateway.url}${providers.anthropic.path}`,
        GEMINI_API_BASE: `${gateway.url}${providers.gemini.path}/v1beta`,
      }
    : {}
  const base = 'OPENAI_API_BASE' in command.assigned ? undefined : (env.OPENAI_API_BASE ?? addresses.OPENAI_API_BASE)
  const more = [
    ...(isSet('--yes-always', '--yes') ? [] : ['--yes-always']),
    ...switches.flatMap((names) => (isSet(...names) ? [] : [names[0]])),
    ...values.flatMap(([name, value]) => (isSet(name) ? [] : [name, value])),
    ...(base === undefined || isSet('--openai-api-base') ? [] : ['--openai-api-base', base]),
    ...(harness.project_doc === undefined ? [] : ['--read', beside('project.md')]),
  ]
  return {
    line: insertAfter(command, 0, more),
    env: unlessSet(env, { ...addresses, ...surroundings }),
    files: [
      // Without an entry in it, the file is fetched from the internet at every start.
      jsonFile('.aider/caches/model_prices_and_context_window.json', { [model]: { max_input_tokens: 200_000, mode: 'chat' } }),
      textFile(`${besideFolder}/aider/input.txt`, ''),
      ...(harness.project_doc === undefined ? [] : [textFile(`${besideFolder}/project.md`, harness.project_doc)]),
    ],
    obeyed: settings.flatMap(([name, ...options]) => (isSet(...options) ? [] : [name])),
    warnings: [],
  }
}

/** `--no-auto-test` -> AIDER_AUTO_TEST */
const variableOf = (option: string) =>
  `AIDER_${option
    .replace(/^--(no-)?/, '')
    .replaceAll('-', '_')
    .toUpperCase()}`
