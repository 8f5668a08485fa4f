import { clip, oneLine, plain, verbatim } from './plain.ts'

/**
 * Agent text made harmless in Markdown: only ever inside a code span or a fence, where nothing is parsed, nobody is mentioned and
 * no issue, commit or address becomes a link.
 */
export function codeSpan(text: string, length = 200): string {
  const line = oneLine(text, length)
  if (line === '') return '–'
  const ticks = '`'.repeat(longestRun(line) + 1)
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${ticks}${pad}${line}${pad}${ticks}`
}

/** For a table's cell: a pipe would end the cell even in a code span, so a broken bar stands for it. */
export const cellSpan = (text: string, length = 80): string => codeSpan(text.replaceAll('|', '¦'), length)

/** A fenced block that no line of the text can close. */
export const fence = (text: string, length = 2000): string => fenced(clip(plain(text).trimEnd(), length), 'text')

/** The same for the beginning of a diff, in which a carriage return is content. */
export const diffFence = (text: string): string => fenced(verbatim(text).replace(/\n+$/, ''), 'diff')

function fenced(body: string, language: 'text' | 'diff'): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(body) + 1))
  return `${ticks}${language}\n${body}\n${ticks}`
}

/** In HTML, such as the summary of a collapsed block: letters, digits and entities, in an element where nobody is mentioned. */
export const htmlCode = (text: string, length = 200): string =>
  `<code>${oneLine(text, length).replace(/[^A-Za-z0-9 ]/gu, (char) => `&#${char.codePointAt(0)};`) || '–'}</code>`

/**
 * One line of agent text that reads as text: everything that Markdown could take for its own is an entity, and what GitHub makes links
 * and mentions of only after that (names, issues, commits, addresses, emoji) is broken by a space of no width.
 */
export const prose = (text: string, length = 400): string =>
  oneLine(text, length).replace(acting, (found, at: number, line: string) => {
    const [before, after] = [line.slice(0, at), line[at + found.length] ?? '']
    if (found.startsWith('`') && found.length > 1) return cellSpan(found.slice(1, -1), length)
    if (found.length > 1) return found.replace(/.{6}/g, `$&${gap}`)
    if (found === '$') return '<span>$</span>'
    if (/[-_]/.test(found) && /[a-z0-9]$/i.test(before) && /[a-z0-9]/i.test(after)) return `${found}${/\d/.test(after) ? gap : ''}`
    if (found === ':' && !/\S/.test(after)) return found
    if (found === '.' || found === ')') return /^\d+$|\bwww$/i.test(before) ? `${gap}${entity(found)}` : found
    return `${entity(found)}${/[@#:]/.test(found) && /\S/.test(after) ? gap : ''}`
  })
/** What the text itself marks as code, long hexadecimal runs, which may be commits, and ASCII punctuation but for what is harmless anywhere. */
const acting = /`[^`]*[^`\s][^`]*`|[0-9a-f]{7,}|[!#$&)*+\-.:<=>@[\\\]^_`{|}~]/gi
const gap = '&#8203;'
const entity = (char: string) => `&#${char.charCodeAt(0)};`

/** Several lines of it as a quotation, so that nobody takes it for ours. Empty for blank text. */
export function quote(text: string, length = 2000): string {
  const lines = clip(plain(text), length)
    .split('\n')
    .filter((line) => line.trim() !== '')
  const shown = lines.slice(0, mostLines).map((line) => `> ${prose(line, length)}`)
  return [...shown, ...(lines.length > mostLines ? ['> …'] : [])].join('\n>\n')
}
const mostLines = 40

const longestRun = (text: string) => Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
