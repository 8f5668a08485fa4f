import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ProctorError } from '../runner/domain/error.ts'
import { nearest } from '../runner/lib/nearest.ts'

/** One option of a command: `value` names what follows it in the help text; without it the option is a switch. */
type Option = {
  readonly name: string
  readonly short?: string
  readonly value?: string
  readonly many?: boolean
  readonly help: string
}
export type Usage = {
  readonly usage: string
  readonly about: string
  readonly options: readonly Option[]
  readonly positionals: { readonly min: number; readonly max: number }
  readonly examples?: readonly string[]
}
export type Args = {
  readonly positionals: readonly string[]
  readonly on: (name: string) => boolean
  readonly text: (name: string) => string | undefined
  readonly list: (name: string) => readonly string[]
  readonly integer: (name: string, range: { min: number; max: number }) => number | undefined
}

/** Command line -> arguments, or undefined when help was asked for (and printed). Throws `usage_invalid`. */
export function readArgs(usage: Usage, argv: readonly string[]): Args | undefined {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpText(usage))
    return undefined
  }
  const known = new Map(usage.options.map((option) => [option.name, option]))
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: parserOptions(usage.options),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) if (token.kind === 'option') checkOption(token, known)
  if (positionals.length < usage.positionals.min)
    throw new ProctorError('usage_invalid', `${usage.usage.split(' ')[1]} needs ${usage.positionals.min} argument(s): ${usage.usage}`)
  if (positionals.length > usage.positionals.max)
    throw new ProctorError('usage_invalid', `unexpected argument "${positionals[usage.positionals.max]}": ${usage.usage}`)

  const list = (name: string) => [values[name] ?? []].flat().filter((value): value is string => typeof value === 'string')
  const text = (name: string) => list(name).at(-1)
  return { positionals, text, list, on: (name) => values[name] === true, integer: (name, range) => integer(name, text(name), range) }
}

function checkOption(token: { rawName: string; name: string; value: string | undefined }, known: ReadonlyMap<string, Option>) {
  const option = known.get(token.name)
  if (!option) {
    const guess = nearest(token.name, [...known.keys()])
    throw new ProctorError(
      'usage_invalid',
      `unknown option ${token.rawName}${guess ? `; did you mean --${guess}?` : `; known: ${[...known.keys()].map((name) => `--${name}`).join(', ')}`}`,
    )
  }
  if (option.value && token.value === undefined)
    throw new ProctorError('usage_invalid', `${token.rawName} needs a value: --${option.name} ${option.value}`)
  if (!option.value && token.value !== undefined) throw new ProctorError('usage_invalid', `${token.rawName} takes no value`)
}

function integer(name: string, text: string | undefined, { min, max }: { min: number; max: number }): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max)
    throw new ProctorError('usage_invalid', `--${name} "${text}": a whole number from ${min} to ${max} is accepted`)
  return value
}

function parserOptions(options: readonly Option[]): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    options.map(
      ({ name, short, value, many }) =>
        [name, { type: value ? 'string' : 'boolean', multiple: many ?? false, ...(short ? { short } : {}) }] as const,
    ),
  )
}

function helpText({ usage, about, options, examples = [] }: Usage): string {
  const left = ({ name, short, value }: Option) => `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`
  const all = [...options, { name: 'help', short: 'h', help: 'Show this text' }]
  const width = Math.max(...all.map((option) => left(option).length))
  const lines = all.map(
    (option) => `  ${left(option).padEnd(width)}  ${option.help}${'many' in option && option.many ? ' (may be repeated)' : ''}`,
  )
  return `${about}\n\nusage: ${usage}\n\n${lines.join('\n')}\n${examples.length ? `\nexamples:\n${examples.map((example) => `  ${example}`).join('\n')}\n` : ''}`
}
