import type { HarnessConfig } from '../../domain/harness.ts'
import type { Provider } from '../../domain/provider.ts'
import { aider } from './aider.ts'
import { claudeCode } from './claude-code.ts'
import type { CodingCli } from './cli.ts'
import { codex } from './codex.ts'
import { type Command, optionValue, readCommand } from './command.ts'
import { cursor } from './cursor.ts'
import { gemini } from './gemini.ts'
import { opencode } from './opencode.ts'
import { qwen } from './qwen.ts'

const all: readonly CodingCli[] = [claudeCode, codex, aider, gemini, opencode, qwen, cursor]

/** The coding CLI that a command's first word names, by its last path part; undefined for anything else, `bash -c` included. */
export function recognise({ words: [first] }: Command): CodingCli | undefined {
  const name = first?.text.split('/').at(-1) ?? ''
  return all.find(({ commands }) => commands.includes(name))
}

/** Why a command of a CLI is no turn of it, in words: `codex login` would take the flags of a turn for a mistake, or itself for a prompt. */
export function choreOf({ words: [, second] }: Command, { name, chores }: CodingCli): string | undefined {
  const word = second?.text ?? ''
  if (!chores.includes(word)) return undefined
  return `The command begins with \`${word}\`, which is no turn of ${name}: nothing can be added to what follows it`
}

/** Names of known CLIs, for messages. */
export const knownClis = (): readonly string[] => all.flatMap(({ commands }) => commands)

/** What `harness` asks for and the command's CLI cannot do, in words; undefined when it can do all of it. */
export function harnessProblem(line: string, harness: HarnessConfig): string | undefined {
  const command = readCommand(line)
  const cli = recognise(command)
  if (!cli) return `proctor does not know how to configure this command; known: ${knownClis().join(', ')}`
  const chore = choreOf(command, cli)
  if (chore) return chore
  const parts = cli.unsupported(harness)
  return parts.length === 0 ? undefined : `${cli.name} has no ${parts.map((part) => `\`${part}\``).join(' and no ')}`
}

/** Whose models a command will ask, one of which has to be there: what its model's name says, else all that the CLI can be pointed to. */
export function wantedProviders(line: string): readonly Provider[] {
  const command = readCommand(line)
  const cli = recognise(command)
  if (!cli) return []
  const named = byModel(optionValue(command, '--model', '-m') ?? '')
  return named && cli.providers.includes(named) ? [named] : cli.providers
}

function byModel(model: string): Provider | undefined {
  if (/^(anthropic\/|claude|sonnet|opus|haiku)/.test(model)) return 'anthropic'
  if (/^(gemini|google)/.test(model)) return 'gemini'
  return /^(openai\/|gpt|o\d)/.test(model) ? 'openai' : undefined
}
