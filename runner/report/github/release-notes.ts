import type { Report } from '../../domain/report.ts'
import { codeSpan, prose } from '../neutral.ts'
import { fitted, releaseBytes } from './blocks/budget.ts'
import { notesBlock } from './blocks/facts.ts'
import { commitLink, pagesLine } from './blocks/links.ts'
import { badgesLine, conclusionMarks, evalTable } from './blocks/tables.ts'
import { titleOfAll } from './blocks/title.ts'
import { encoded, withoutComments } from './marker.ts'
import type { Place } from './read.ts'

/** `key` tells the blocks of two proctors of one release apart. */
type Given = { readonly key?: string; readonly bytes?: number }

/** The verdict on a release, between markers that `withBlock` finds again. */
export function releaseBlock(report: Report, place: Place, { key = 'proctor', bytes = releaseBytes }: Given = {}): string {
  const [begin, end] = markers(encoded(key))
  const page = fitted(steps, {
    bytes: Math.max(0, bytes - begin.length - end.length - 4),
    blocks: (step) => blocks(report, place, step).map(withoutComments),
  })
  return `${begin}\n\n${page}\n${end}`
}

/** Release notes with the block in them: in the place of an earlier one of the same key, else at their end. What others wrote stays. */
export function withBlock(notes: string, block: string): string {
  const [begin, end] = markers(/^<!-- proctor:begin key=([\w.%]+) -->/.exec(block)?.[1] ?? '')
  const [before, ...rest] = notes.split(begin)
  if (before === undefined || rest.length === 0) return [notes.trimEnd(), block].filter(Boolean).join('\n\n')
  // Of a begin without an end nobody knows how far it goes: then only the marker itself is ours.
  const others = rest.map((part) => (part.includes(end) ? part.slice(part.indexOf(end) + end.length) : part))
  return `${before}${block}${others.join('')}`
}

const markers = (key: string) => [`<!-- proctor:begin key=${key} -->`, `<!-- proctor:end key=${key} -->`] as const

const steps = [
  { rows: 50, notes: 10 },
  { rows: 10, notes: 3 },
  { rows: 1, notes: 0 },
] as const

function blocks(report: Report, place: Place, { rows, notes }: (typeof steps)[number]): string[] {
  const { batches, conclusion, state, warnings } = report
  const badges = batches.slice(0, rows).map((batch) => badgesLine(batch, rows))
  return [
    `### ${conclusionMarks[conclusion]} ${conclusion === 'success' ? 'Gate met' : 'proctor'}: ${prose(titleOfAll(report, place), 200)}`,
    batches.length === 1 ? (badges[0] ?? '') : '',
    batches.length === 0 ? 'There was nothing to run.' : evalTable(batches, { state, rows }),
    notesBlock([...place.notes, ...warnings], notes) ?? '',
    `proctor ${codeSpan(report.proctor, 40)} at ${commitLink(place.sha, place)} · ${pagesLine(place)}`,
  ].filter((block) => block !== '')
}
