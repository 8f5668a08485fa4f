import { posix } from 'node:path'
import type { StepBody } from '../../../../domain/step.ts'
import { shellWords, type Token } from './shell-words.ts'
import { shownPath } from './unified-diff.ts'

type Look = { readonly kind: 'read' | 'search'; readonly query?: string | undefined; readonly path?: string | undefined }

/** The read or search that a command plainly is, with nothing besides. */
export function lookOf(command: string): StepBody | undefined {
  if (command.length > 2000) return undefined
  const { tokens, literal } = shellWords(command)
  const plain = literal ? plainWords(tokens) : undefined
  const [program = '', ...given] = plain?.words ?? []
  const look = programs.get(posix.basename(program))?.(given)
  if (!plain || !look) return undefined
  const path = look.path ?? (look.kind === 'search' && plain.folder ? '.' : undefined)
  const placed = path === undefined || path.startsWith('/') || !plain.folder ? path : posix.join(plain.folder, path)
  return {
    kind: look.kind,
    detail: { ...(look.query === undefined ? {} : { query: look.query }), ...(placed === undefined ? {} : { path: shownPath(placed) }) },
  }
}

/** The words of a line that is one command: `cd somewhere &&` before it, and what only silences or shortens after it, put aside. */
function plainWords(tokens: readonly Token[]): { readonly folder?: string; readonly words: readonly string[] } | undefined {
  const is = (at: number, text: string) => tokens.at(at)?.operator === true && tokens.at(at)?.text === text
  const moved = tokens[0]?.text === 'cd' && is(2, '&&') ? tokens[1] : undefined
  let words = moved ? tokens.slice(3) : tokens
  const pipe = words.findIndex(({ text, operator }) => operator && text === '|')
  if (pipe >= 0 && ['head', 'tail', 'sort'].includes(words[pipe + 1]?.text ?? '')) {
    if (words.slice(pipe + 1).some(({ operator }) => operator)) return undefined
    words = words.slice(0, pipe)
  }
  const end = words.slice(-3).map(({ text }) => text)
  if (end.join(' ') === '2 > /dev/null' || end.join(' ') === '2 >& 1') words = words.slice(0, -3)
  if (words.some(({ operator }) => operator)) return undefined
  return { ...(moved ? { folder: moved.text } : {}), words: words.map(({ text }) => text) }
}

const programs = new Map<string, (words: readonly string[]) => Look | undefined>([
  ['cat', (words) => readOf(words, /^-[AbeEnstTuv]+$/)],
  ['nl', (words) => readOf(words, /^-ba$/)],
  ['head', (words) => readOf(words, /^-[nc]?\d+$/, /^-[nc]$/)],
  ['tail', (words) => readOf(words, /^-[nc]?\+?\d+$/, /^-[nc]$/)],
  ['sed', ([quiet, lines, ...rest]) => (quiet === '-n' && /^\d+(,(\d+|\$))?p$/.test(lines ?? '') ? readOf(rest) : undefined)],
  ['grep', searchOf],
  ['egrep', searchOf],
  ['fgrep', searchOf],
  ['rg', searchOf],
  ['find', findOf],
])

/** Of one file; `flags` stand alone, `valued` are followed by a word. */
function readOf(words: readonly string[], flags = /^$/, valued = /^$/): Look | undefined {
  const [file, ...more] = words.filter((word, index) => !flags.test(word) && !valued.test(word) && !valued.test(words[index - 1] || '?'))
  return file && more.length === 0 && !file.startsWith('-') ? { kind: 'read', path: file } : undefined
}

/** grep and rg: the first word that is no flag is what they look for, the next where. */
function searchOf(words: readonly string[]): Look | undefined {
  const valued = /^(-[a-zA-Z]*[ABCmgtT]|--(after|before)-context|--context|--max-count|--i?glob|--type(-not)?|--max-depth)$/
  const named = words.findIndex((word) => word === '-e' || word === '--regexp')
  const flagged = (index: number) => valued.test(words[index - 1] ?? '') || (named >= 0 && index === named + 1)
  const plain = words.filter((word, index) => !word.startsWith('-') && !flagged(index))
  const [query, path] = named >= 0 ? [words[named + 1], plain[0]] : plain
  return query === undefined || words.includes('-f') ? undefined : { kind: 'search', query, path }
}

/** find: its folders come first, and what it looks for is all the rest. */
function findOf(words: readonly string[]): Look | undefined {
  if (words.some((word) => /^-(exec|execdir|ok|okdir|delete|fprint.*|fls)$/.test(word))) return undefined
  const test = words.findIndex((word) => /^[-(!]/.test(word))
  const query = test < 0 ? '' : words.slice(test).join(' ')
  return { kind: 'search', ...(query ? { query } : {}), path: test === 0 ? undefined : words[0] }
}
