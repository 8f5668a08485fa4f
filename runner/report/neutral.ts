import { clip, oneLine, plain } from './plain.ts'

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
export function fence(text: string, length = 2000): string {
  const body = clip(plain(text).trimEnd(), length)
  const ticks = '`'.repeat(Math.max(3, longestRun(body) + 1))
  return `${ticks}text\n${body}\n${ticks}`
}

const longestRun = (text: string) => Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
