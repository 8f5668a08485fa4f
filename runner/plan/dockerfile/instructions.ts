import { splitWords, unquoted } from './words.ts'

/** Something wrong, or worth a word, at a character of the text. */
export type Remark = { readonly message: string; readonly at: number }
/** `content` as it stands in the text; `name` is the word that ends it. With `<<-` the tabs at the beginning of lines do not count. */
type Heredoc = { readonly name: string; readonly tabs: boolean; readonly content: string; readonly raw: string }
/**
 * One instruction, its lines joined and its comments gone. `at` is where its keyword stands; `place` says where in the whole text
 * a character of `args` does.
 */
export type Instruction = {
  readonly keyword: string
  readonly at: number
  readonly args: string
  readonly place: (index: number) => number
  readonly heredocs: readonly Heredoc[]
}
export type Read = {
  readonly instructions: readonly Instruction[]
  readonly problems: readonly Remark[]
  readonly warnings: readonly Remark[]
}

type Line = { readonly text: string; readonly at: number }

/** The text of a Dockerfile, as instructions. Whether it may hold these is asked elsewhere. Pure. */
export function readInstructions(text: string): Read {
  const lines = linesOf(text)
  const { first, problems, warnings } = readDirectives(lines)
  const instructions: Instruction[] = []
  for (let next = first; next < lines.length; ) {
    const logical = join(lines, next)
    next = logical.next
    const parts = /^(\S+)\s*/.exec(logical.text)
    const keyword = parts?.[1] ?? ''
    if (keyword === '') continue
    const skipped = parts?.[0].length ?? 0
    const place = (index: number) => logical.from[skipped + index] ?? logical.from.at(-1) ?? 0
    const args = logical.text.slice(skipped).trimEnd()
    const found = keyword.toUpperCase() === 'RUN' ? heredocsOf(args) : []
    const heredocs: Heredoc[] = []
    for (const { name, tabs, index } of found) {
      const body = readHeredoc(lines, next, { name, tabs })
      next = body.next
      heredocs.push({ name, tabs, content: body.content, raw: body.raw })
      if (!body.ended)
        problems.push({ message: `a heredoc that begins with \`<<${name}\` and has no line \`${name}\` to end it`, at: place(index) })
    }
    instructions.push({ keyword, at: logical.from[0] ?? 0, args, place, heredocs })
  }
  return { instructions, problems, warnings }
}

function linesOf(text: string): Line[] {
  let at = 0
  return text.split('\n').map((line) => {
    const start = at
    at += line.length + 1
    const mark = start === 0 && line.startsWith('\ufeff') ? 1 : 0
    return { text: line.slice(mark).replace(/\r$/, ''), at: start + mark }
  })
}

/** `# name=value` lines before anything else steer the parser; after the first other line they are comments. */
function readDirectives(lines: readonly Line[]): { first: number; problems: Remark[]; warnings: Remark[] } {
  const problems: Remark[] = []
  const warnings: Remark[] = []
  let first = 0
  for (const { text, at } of lines) {
    const [, name = '', value = ''] = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(text) ?? []
    const known = name.toLowerCase()
    if (known === 'escape' && value !== '\\')
      problems.push({ message: `the directive \`# escape=${value}\`; accepted: the usual escape character, a backslash`, at })
    else if (known === 'syntax' || known === 'check')
      warnings.push({ message: `\`# ${known}=${value}\` is ignored: proctor runs the steps itself`, at })
    else if (known !== 'escape') break
    first += 1
  }
  return { first, problems, warnings }
}

const isComment = (line: string) => /^\s*#/.test(line)
/** A backslash at the end, with nothing but blanks after it and no other before it. */
const continued = /(^|[^\\])\\[ \t]*$/

/** Lines that a backslash continues, as one. `from` = where each character stands in the text. Comments and empty lines in between do not count. */
function join(lines: readonly Line[], first: number): { text: string; from: number[]; next: number } {
  const start = lines[first]?.text ?? ''
  if (isComment(start) || start.trim() === '') return { text: '', from: [], next: first + 1 }
  let text = ''
  const from: number[] = []
  let next = first
  for (;;) {
    const line = lines[next++]
    if (!line) break
    if (next > first + 1 && (isComment(line.text) || line.text.trim() === '')) continue
    const indent = next === first + 1 ? line.text.length - line.text.trimStart().length : 0
    const more = continued.test(line.text)
    const content = (more ? line.text.replace(continued, '$1') : line.text).slice(indent)
    text += content
    for (let index = 0; index < content.length; index++) from.push(line.at + indent + index)
    if (!more) break
  }
  return { text, from, next }
}

/** Words such as `<<EOF`, `<<-"EOF"` and `3<<EOF`: what follows the line up to EOF belongs to it. `<<<` is none. */
function heredocsOf(args: string): { name: string; tabs: boolean; index: number }[] {
  return splitWords(args).flatMap(({ text, at }) => {
    const [, dash = '', written = ''] = /^\d*<<(-?)([^<]+)$/.exec(text) ?? []
    const name = unquoted(written)
    return name === '' ? [] : [{ name, tabs: dash === '-', index: at }]
  })
}

function readHeredoc(lines: readonly Line[], first: number, { name, tabs }: { name: string; tabs: boolean }) {
  const end = lines.findIndex(({ text }, at) => at >= first && (tabs ? text.replace(/^\t+/, '') : text) === name)
  const ended = end >= 0
  const body = lines.slice(first, ended ? end : undefined)
  const content = body.map(({ text }) => `${text}\n`).join('')
  return { ended, content, raw: `${content}${ended ? lines[end]?.text : name}\n`, next: ended ? end + 1 : lines.length }
}
