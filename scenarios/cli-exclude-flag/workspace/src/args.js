import { groupings } from './group.js'
import { parseTime } from './time.js'

/** Wrong usage: the message is for the person at the terminal. */
export class UsageError extends Error {}

/** `value` turns the text after the option into what the program uses; an option without it is a switch. */
export const options = {
  by: {
    placeholder: 'FIELD',
    help: `group by ${Object.keys(groupings).join(', ')} (default: path)`,
    value: (text) => {
      if (!Object.hasOwn(groupings, text)) throw new UsageError(`--by: unknown field "${text}", use one of ${Object.keys(groupings).join(', ')}`)
      return text
    },
  },
  top: {
    placeholder: 'N',
    help: 'show only the N largest groups (default: 10, 0 = all)',
    value: (text) => {
      if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--top: "${text}" is not a whole number`)
      return Number(text)
    },
  },
  since: {
    placeholder: 'TIME',
    help: 'ignore requests before TIME (2025-03-01 or 2025-03-01T12:30:00Z)',
    value: (text) => time('since', text),
  },
  until: {
    placeholder: 'TIME',
    help: 'ignore requests at or after TIME',
    value: (text) => time('until', text),
  },
  json: { help: 'print JSON instead of a table' },
  help: { help: 'print this help' },
  version: { help: 'print the version' },
}

/**
 * Options may stand anywhere, as `--top 5` or `--top=5`; after `--` everything is a file.
 * When an option is repeated, the last one counts.
 */
export function parseArgs(argv) {
  const settings = { by: 'path', top: 10, json: false, help: false, version: false, files: [] }
  const rest = [...argv]
  while (rest.length > 0) {
    const word = rest.shift()
    if (word === '--') return { ...settings, files: [...settings.files, ...rest] }
    if (!word.startsWith('--')) {
      settings.files.push(word)
      continue
    }
    const [name, inline] = split(word.slice(2))
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (!option) throw new UsageError(`unknown option --${name}`)
    settings[name] = option.value ? option.value(required(name, inline ?? rest.shift())) : flag(name, inline)
  }
  return settings
}

function split(word) {
  const at = word.indexOf('=')
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

function required(name, text) {
  if (text === undefined || text === '') throw new UsageError(`--${name} needs a value`)
  return text
}

function flag(name, inline) {
  if (inline !== undefined) throw new UsageError(`--${name} takes no value`)
  return true
}

function time(name, text) {
  const parsed = parseTime(text)
  if (parsed === undefined) throw new UsageError(`--${name}: "${text}" is not a time`)
  return parsed
}
