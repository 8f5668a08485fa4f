import { styleText } from 'node:util'
import { verbatim } from '../runner/report/plain.ts'

export type Style = Parameters<typeof styleText>[0]
/** A piece of a line: plain, or with a style. */
export type Span = string | readonly [text: string, style: Style]

/**
 * One line of a terminal, at most `width` columns: what is longer ends in an ellipsis, and nothing in it acts on the terminal,
 * whoever wrote it. The one place where text becomes a line of the live table.
 */
export function paint(spans: readonly Span[], { width, colour }: { readonly width: number; readonly colour: boolean }): string {
  let room = width
  let line = ''
  for (const span of spans) {
    const [text, style] = typeof span === 'string' ? [span, undefined] : span
    const shown = cutTo(oneRow(text), room)
    room -= columns(shown)
    line += style && colour && shown.trim() !== '' ? styleText(style, shown, { validateStream: false }) : shown
    if (room <= 0) break
  }
  return line.trimEnd()
}

/** Exactly `width` columns, as far as anyone can tell: cut or filled up. */
export function cell(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cutTo(oneRow(text), width)
  const fill = ' '.repeat(Math.max(0, width - columns(shown)))
  return align === 'left' ? shown + fill : fill + shown
}

/**
 * How many columns a text takes in a terminal, rather too many than too few: what is narrower than it was taken for leaves a gap,
 * what is wider breaks the line. East Asian letters and emoji take two; a combining mark is counted as one.
 */
export function columns(text: string): number {
  if (narrow.test(text)) return text.length
  let total = 0
  for (const letter of text) total += widthOf(letter)
  return total
}

const narrow = /^[\u0020-\u007e]*$/
const oneRow = (text: string) => verbatim(text).replace(/[\t\n]/g, ' ')

function cutTo(text: string, width: number): string {
  if (columns(text) <= width) return text
  let room = width - 1
  let kept = ''
  for (const letter of text) {
    room -= widthOf(letter)
    if (room < 0) break
    kept += letter
  }
  return width < 1 ? '' : `${kept}…`
}

function widthOf(letter: string): number {
  const point = letter.codePointAt(0) ?? 0
  if (point < 0x1100) return 1
  return point >= 0x2e80 || point < 0x1160 || point === 0x2329 || point === 0x232a || /\p{Emoji_Presentation}/u.test(letter) ? 2 : 1
}
