/** A shell command line, read as far as its first simple command goes. */
export type Command = {
  /** As written. */
  readonly line: string
  /** Words of the first simple command, unquoted as far as they are literal, each with where it ends in `line`. No assignments, no redirections. */
  readonly words: readonly Word[]
  /** `NAME=value` before the first word. */
  readonly assigned: Readonly<Record<string, string>>
}
/** `literal`: nothing of it is left for bash to expand, so `text` is what the program gets. */
export type Word = { readonly text: string; readonly end: number; readonly literal: boolean }

/** Reads a line as bash would, without running any of it. Never throws: a line that bash refuses gives the words up to there. */
export function readCommand(line: string): Command {
  const words: Word[] = []
  const assigned: Record<string, string> = {}
  for (let at = start(line); ; ) {
    at = skipBlanks(line, at)
    const redirect = redirection.exec(line.slice(at))
    if (redirect) {
      const { end } = readWord(line, skipBlanks(line, at + redirect[0].length))
      at = end
      continue
    }
    if (at >= line.length || '\n;&|()#'.includes(line.charAt(at))) return { line, words, assigned }
    const word = readWord(line, at)
    const assignment = words.length === 0 ? /^([A-Za-z_]\w*)\+?=/.exec(line.slice(at, word.end)) : null
    if (assignment?.[1] !== undefined) assigned[assignment[1]] = word.text.slice(assignment[0].length)
    else words.push(word)
    at = word.end
  }
}

/** The same line with more arguments right behind a word, so that pipes and commands that follow keep their place. */
export function insertAfter({ line, words }: Command, index: number, more: readonly string[]): string {
  const at = words[index]?.end ?? line.length
  return line.slice(0, at) + more.map((each) => ` ${quote(each)}`).join('') + line.slice(at)
}

/** Whether one of the options is there: `--name`, `--name=value`, `-n` or `-nvalue`. What follows `--` is no option. */
export const hasOption = (command: Command, ...names: readonly string[]): boolean => options(command).some((word) => says(word, names))

/** What an option is set to, in its last place; undefined when it is not there, or when only bash will know. */
export function optionValue(command: Command, ...names: readonly string[]): string | undefined {
  const all = options(command)
  const at = all.findLastIndex((word) => says(word, names))
  const word = all[at]
  if (!word) return undefined
  const attached = word.text.startsWith('--') ? word.text.match(/^[^=]*=(.*)$/s)?.[1] : word.text.slice(2) || undefined
  if (attached !== undefined) return word.literal ? attached.replace(/^=/, '') : undefined
  const next = all[at + 1]
  return next?.literal ? next.text : undefined
}

/** The index of the first word that is neither an option nor the value of one; -1 when there is none. `valued` = options that take a value. */
export function firstArgument({ words }: Command, valued: readonly string[]): number {
  for (let at = 1; at < words.length; at++) {
    const text = words[at]?.text ?? ''
    if (text === '--') return at + 1 < words.length ? at + 1 : -1
    if (!text.startsWith('-') || text === '-') return at
    if (valued.includes(text)) at += 1
  }
  return -1
}

/** As one word for bash. */
const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

function options({ words }: Command): readonly Word[] {
  const end = words.findIndex(({ text }) => text === '--')
  return words.slice(1, end === -1 ? undefined : end)
}

const says = ({ text }: Word, names: readonly string[]) =>
  names.some((name) => text === name || (name.startsWith('--') ? text.startsWith(`${name}=`) : text.startsWith(name) && text[1] !== '-'))

/** An operator, with the number of what it redirects; `<(` and `>(` begin a word. */
const redirection = /^(\d*|\{\w+\})(<<<|<<-?|<>|<&|>>|>&|>\||&>>?|<(?!\()|>(?!\())|^&>>?/

/** Behind empty lines and comments. */
const start = (line: string) => /^(?:\s+|#[^\n]*(?:\n|$)|\\\n)*/.exec(line)?.[0].length ?? 0

function skipBlanks(line: string, at: number): number {
  let next = at
  for (;;) {
    if (line[next] === ' ' || line[next] === '\t') next += 1
    else if (line.startsWith('\\\n', next)) next += 2
    else return next
  }
}

function readWord(line: string, from: number): Word {
  let text = ''
  let literal = true
  let at = from
  while (at < line.length) {
    const here = line.charAt(at)
    if (/[<>]/.test(here) && line[at + 1] === '(') {
      const end = closing(line, at + 2)
      text += line.slice(at, end)
      literal = false
      at = end
    } else if (' \t\n;&|()<>'.includes(here)) break
    else {
      const piece = readPiece(line, at)
      text += piece.text
      literal &&= piece.literal
      at = piece.end
    }
  }
  return { text, end: at, literal }
}

/** A character, an escape, a quoted text or an expansion. */
function readPiece(line: string, at: number, { quoted = false, depth = 0 }: { quoted?: boolean; depth?: number } = {}): Word {
  const here = line.charAt(at)
  const next = line.charAt(at + 1)
  const kept = (end: number): Word => ({ text: line.slice(at, end), end, literal: false })
  if (here === '\\') return readEscape(line, at, quoted)
  if (here === '`') return kept(closingMark(line, at + 1, '`'))
  if (here === '$' && next === '(') return kept(closing(line, at + 2, ')', depth))
  if (here === '$' && next === '{') return kept(closing(line, at + 2, '}', depth))
  if (here === '$' && /[\w@*#?$!-]/.test(next)) return kept(at + 2)
  if (!quoted) {
    if (here === '$' && next === "'") return readAnsi(line, at)
    if (here === '"' || (here === '$' && next === '"')) return readDouble(line, at + (here === '$' ? 2 : 1), depth)
    if (here === "'") {
      const end = line.indexOf("'", at + 1)
      return end === -1 ? { text: line.slice(at + 1), end: line.length, literal: true } : literalUntil(line, at + 1, end)
    }
    if ('*?[~{'.includes(here)) return kept(at + 1)
  }
  return { text: here, end: at + 1, literal: true }
}

function readEscape(line: string, at: number, quoted: boolean): Word {
  const next = line.charAt(at + 1)
  const end = Math.min(line.length, at + 2)
  if (next === '\n') return { text: '', end, literal: true }
  const isPlain = quoted && !'"\\$`'.includes(next)
  return { text: isPlain ? `\\${next}` : next, end, literal: true }
}

const literalUntil = (line: string, from: number, to: number): Word => ({ text: line.slice(from, to), end: to + 1, literal: true })

function readDouble(line: string, from: number, depth: number): Word {
  let text = ''
  let literal = true
  let at = from
  while (at < line.length && line[at] !== '"') {
    const piece = readPiece(line, at, { quoted: true, depth })
    text += piece.text
    literal &&= piece.literal
    at = piece.end
  }
  return { text, end: Math.min(line.length, at + 1), literal }
}

/** `$'...'`: its escapes are left as they are, for nothing that is looked for here needs them. */
function readAnsi(line: string, at: number): Word {
  const end = closingMark(line, at + 2, "'")
  const text = line.slice(at + 2, end - 1)
  return { text, end, literal: !text.includes('\\') }
}

/** Behind the next unescaped mark. */
function closingMark(line: string, from: number, mark: string): number {
  for (let at = from; at < line.length; at++) {
    if (line[at] === '\\') at += 1
    else if (line[at] === mark) return at + 1
  }
  return line.length
}

/** Expansions in expansions; nobody writes more, and a stack has an end. */
const deepest = 50

/** Behind the bracket that closes one which was opened just before `from`. */
function closing(line: string, from: number, bracket: ')' | '}' = ')', within = 0): number {
  if (within > deepest) return line.length
  const open = bracket === ')' ? '(' : '{'
  let depth = 1
  for (let at = from; at < line.length; ) {
    const here = line[at]
    if (here === open) depth += 1
    if (here === bracket) depth -= 1
    if (depth === 0) return at + 1
    at = here === open || here === bracket ? at + 1 : Math.max(at + 1, readPiece(line, at, { depth: within + 1 }).end)
  }
  return line.length
}
