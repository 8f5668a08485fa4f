/** A command that the runner carried out and shows beside the log: ::error file=a,line=1::text */
export type LogAnnotation = {
  readonly level: 'error' | 'warning' | 'notice'
  readonly message: string
  readonly properties: Readonly<Record<string, string>>
}
const known = new Set(
  'add-mask add-matcher add-path debug echo endgroup error group notice remove-matcher save-state set-env set-output stop-commands warning'.split(
    ' ',
  ),
)

/**
 * Reads the output of a step line by line as the runner does: both forms of commands, `::stop-commands::`, masks. Masks hold from when
 * they were made and for the rest of the job; unlike the runner's, only as they stand: it also knows a few encodings.
 */
export function runnerLog(secrets: readonly string[]) {
  const masks = new Set(secrets)
  const annotations: LogAnnotation[] = []
  const groups: string[] = []
  const outputs: Record<string, string> = {}
  const state: Record<string, string> = {}
  const debug: string[] = []
  const unread: string[] = []
  const lines: string[] = []
  let stopped: string | undefined
  const mask = (text: string) =>
    [...masks].sort((a, b) => b.length - a.length).reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
  const say = (line: string) => void lines.push(mask(line))

  function carryOut({ name, properties, data }: Command) {
    switch (name) {
      case 'add-mask':
        for (const value of [data, ...data.split(/[\r\n]+/)]) if (value.trim() !== '') masks.add(value)
        return
      case 'error':
      case 'warning':
      case 'notice':
        annotations.push({ level: name, message: mask(data), properties })
        return say(`##[${name}]${data}`)
      case 'group':
        groups.push(mask(data))
        return say(`##[group]${data}`)
      case 'endgroup':
        return say('##[endgroup]')
      case 'debug':
        return void debug.push(mask(data))
      // Old forms: still carried out, with a warning; the other two are refused.
      case 'set-output':
      case 'save-state':
        annotations.push({ level: 'warning', message: `The \`${name}\` command is deprecated`, properties: {} })
        ;(name === 'set-output' ? outputs : state)[properties.name ?? ''] = data
        return
      case 'set-env':
      case 'add-path':
        annotations.push({ level: 'error', message: `The \`${name}\` command is disabled.`, properties: {} })
        return
    }
  }

  function read(line: string) {
    const command = commandIn(line, stopped)
    if (command === undefined) return say(line)
    if (stopped !== undefined) {
      if (command.name === stopped) stopped = undefined
      else unread.push(mask(line))
      return say(line)
    }
    if (command.name !== 'stop-commands') return carryOut(command)
    if (command.data === '' || command.data === 'pause-logging' || known.has(command.data)) {
      annotations.push({ level: 'error', message: `Invalid token for stop-commands: ${command.data}`, properties: {} })
      return
    }
    stopped = command.data
    if (stopped.length > 6) masks.add(stopped)
    say(line)
  }

  return {
    read,
    mask,
    /** A new step: whether commands are read is a matter of each. */
    next: () => {
      stopped = undefined
    },
    masks,
    annotations,
    groups,
    outputs,
    state,
    debug,
    /** Lines that would have been commands, had reading them not been stopped. */
    unread,
    /** The log as people see it. */
    text: () => lines.map((line) => `${line}\n`).join(''),
  }
}

type Command = { readonly name: string; readonly properties: Readonly<Record<string, string>>; readonly data: string }

function commandIn(line: string, token: string | undefined): Command | undefined {
  const isCommand = (name: string) => known.has(name) || name === token
  const [, info, data] = /^\s*::(.*?)::(.*)$/s.exec(line) ?? []
  if (info !== undefined) {
    const command = parse(info, data ?? '', { between: ',', escapes })
    if (isCommand(command.name)) return command
  }
  // The older form, anywhere in a line.
  const [, old, rest] = /##\[(.*?)\](.*)$/s.exec(line) ?? []
  if (old === undefined) return undefined
  const command = parse(old, rest ?? '', { between: ';', escapes: oldEscapes })
  return isCommand(command.name) ? command : undefined
}

type Escapes = readonly (readonly [code: string, text: string])[]
const inData: Escapes = [
  ['%0D', '\r'],
  ['%0A', '\n'],
  ['%25', '%'],
]
const escapes: Escapes = [['%3A', ':'], ['%2C', ','], ...inData]
const oldEscapes: Escapes = [['%3B', ';'], ['%5D', ']'], ...inData]
const unescaped = (text: string, by: Escapes) => by.reduce((plain, [code, letter]) => plain.replaceAll(code, letter), text)

function parse(info: string, data: string, { between, escapes }: { readonly between: string; readonly escapes: Escapes }): Command {
  const [, name = '', rest = ''] = /^(\S*)\s?(.*)$/s.exec(info) ?? []
  const pairs = rest.split(between).flatMap((pair) => {
    const [, key = '', value = ''] = /^\s*([^=]+)=(.+)$/s.exec(pair) ?? []
    return key === '' ? [] : [[key.trim(), unescaped(value.trim(), escapes)]]
  })
  return { name, properties: Object.fromEntries(pairs), data: unescaped(data, between === ',' ? inData : escapes) }
}
