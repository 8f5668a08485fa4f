import { posix } from 'node:path'
import { places } from '../../../places.ts'
import { fields, list, text, whole } from '../stream/fields.ts'

/** Relative to the workspace when it is inside. */
export function shownPath(path: string): string {
  const plain = path.replace(/^file:\/\//, '')
  if (!plain.startsWith('/')) return plain.replace(/^(\.\/)+(?=.)/, '')
  const normal = posix.normalize(plain)
  if (normal === places.workspace || normal === `${places.workspace}/`) return '.'
  return normal.startsWith(`${places.workspace}/`) ? normal.slice(places.workspace.length + 1) : plain
}

/** Names of a file before and after; absent where there was or is none. Both as a CLI says them. */
export type Names = { readonly from?: string; readonly to?: string }

export const created = (path: string, content: string): string => ofWhole({ to: path }, '', content)
export const deleted = (path: string, content: string): string => ofWhole({ from: path }, content, '')

/** All of a file before and after. Lines that both begin or end with are left out, but for three. */
export const changed = (path: string, before: string, after: string): string =>
  before === after ? '' : ofWhole({ from: path, to: path }, before, after)

/** All of a file, in the place of what nobody said. */
export function overwritten(path: string, content: string): string {
  const lines = linesOf(content, unended)
  return headed({ from: path, to: path }, `@@ -0,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}\n`).join('')}`)
}

/** A piece of a file put in the place of another. Nobody said where it stands, so its lines are counted from its own first. */
export function replaced(path: string, before: string, after: string): string {
  const hunk = hunkOf(linesOf(before), linesOf(after))
  return hunk ? headed({ from: path, to: path }, hunk) : ''
}

/** A diff with any header, or none, under the usual one. */
export function headed({ from, to }: Names, diff: string): string {
  const start = diff.startsWith('@@') ? 0 : diff.indexOf('\n@@') + 1
  const hunks = start === 0 && !diff.startsWith('@@') ? '' : diff.slice(start)
  if (!hunks) return ''
  return `--- ${from === undefined ? '/dev/null' : `a/${shownPath(from)}`}\n+++ ${to === undefined ? '/dev/null' : `b/${shownPath(to)}`}\n${ended(hunks)}`
}

/** Hunks as jsdiff makes them: `{oldStart, oldLines, newStart, newLines, lines}`. */
export function ofHunks(names: Names, hunks: unknown): string {
  const texts = list(hunks).map((hunk) => {
    const { oldStart, oldLines, newStart, newLines, lines } = fields(hunk)
    const head = `@@ -${whole(oldStart) ?? 0},${whole(oldLines) ?? 0} +${whole(newStart) ?? 0},${whole(newLines) ?? 0} @@\n`
    return (
      head +
      list(lines)
        .flatMap((line) => (text(line) === undefined ? [] : `${text(line)}\n`))
        .join('')
    )
  })
  return headed(names, texts.join(''))
}

function ofWhole(names: Names, before: string, after: string): string {
  const hunk = hunkOf(linesOf(before, unended), linesOf(after, unended))
  return hunk ? headed(names, hunk) : ''
}

/** One hunk: from the first line that differs to the last. */
function hunkOf(old: readonly string[], now: readonly string[]): string {
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1
  if (head === old.length && head === now.length) return ''
  const first = Math.max(0, head - context)
  const last = Math.max(0, tail - context)
  const marked = (mark: string, lines: readonly string[]) => lines.map((line) => `${mark}${line}\n`)
  const body = [
    ...marked(' ', old.slice(first, head)),
    ...marked('-', old.slice(head, old.length - tail)),
    ...marked('+', now.slice(head, now.length - tail)),
    ...marked(' ', old.slice(old.length - tail, old.length - last)),
  ]
  const range = (lines: readonly string[]) => {
    const count = lines.length - last - first
    return `${count === 0 ? first : first + 1},${count}`
  }
  return `@@ -${range(old)} +${range(now)} @@\n${body.join('')}`
}

const context = 3
/** What git puts under a last line that has no end. */
const unended = '\n\\ No newline at end of file'

function linesOf(content: string, mark = ''): readonly string[] {
  const lines = content.split('\n')
  const last = lines.pop() ?? ''
  return last ? [...lines, last + mark] : lines
}
const ended = (content: string): string => (content.endsWith('\n') ? content : `${content}\n`)
