import { explain, type ProctorError } from '../../domain/error.ts'
import { codeSpan, fence, prose } from '../neutral.ts'
import { clip, oneLine } from '../plain.ts'
import { plural } from '../wording.ts'
import type { Annotation } from './annotations.ts'
import { basicText } from './blocks/basic-text.ts'
import { checkBytes, fitted, some } from './blocks/budget.ts'
import { notesBlock } from './blocks/facts.ts'
import { lineLink, link } from './blocks/links.ts'
import type { Place } from './read.ts'

type Failed = { readonly title: string; readonly summary: string; readonly annotations: readonly Annotation[] }

/** Nothing could be examined: what happened, where, who must act, and the next step. */
export function failedOutput(errors: readonly ProctorError[], place: Place, bytes = checkBytes): Failed {
  return {
    title: titleOf(errors),
    summary: fitted(steps, {
      bytes,
      blocks: ({ most, log }) => {
        const { shown, more } = some(errors, most)
        return [
          ...shown.map((error) => errorBlock(error, place, log)),
          ...(more > 0 ? [`${plural(more, 'more problem')}.`] : []),
          ...[notesBlock(place.notes, 10) ?? ''].filter(Boolean),
          link('Workflow run', place.runUrl),
        ]
      },
    }),
    annotations: errors.flatMap((error) => annotation(error) ?? []).slice(0, mostAnnotations),
  }
}
const mostAnnotations = 50

const steps = [
  { most: 100, log: 8000 },
  { most: 50, log: 2000 },
  { most: 20, log: 500 },
  { most: 5, log: 0 },
  { most: 0, log: 0 },
] as const

function titleOf(errors: readonly ProctorError[]): string {
  const [first] = errors
  if (!first) return 'Nothing could be examined'
  const more = errors.length - 1
  return `${oneLine(`${first.code}: ${first.message}`, 150)}${more > 0 ? `, and ${plural(more, 'more problem')}` : ''}`
}

function errorBlock({ code, message, place: at, command, log }: ProctorError, place: Place, tail: number): string {
  const { what, who, next } = explain(code)
  return [
    `**${codeSpan(code)}**${at ? ` at ${lineLink(at, place)}` : ''}`,
    prose(message, 1500),
    `${prose(what)} ${prose(who.charAt(0).toUpperCase() + who.slice(1))} must act: ${prose(next)}`,
    ...(command === undefined ? [] : [`Command: ${codeSpan(command, 300)}`]),
    ...(log === undefined || log.trim() === '' || tail === 0 ? [] : [fence(log.trimEnd().slice(-tail).toWellFormed(), tail * 8)]),
  ].join('\n\n')
}

function annotation({ code, message, place: at }: ProctorError): Annotation | undefined {
  if (!at || !isPath(at.file)) return undefined
  const line = Math.max(1, at.line)
  const { who, next } = explain(code)
  return {
    path: at.file,
    start_line: line,
    end_line: line,
    annotation_level: 'failure',
    title: basicText(code, 200),
    message: basicText(`${clip(message, 4000)}\n${who}: ${next}`, 8000),
  }
}
const isPath = (file: string) => file !== '' && !file.startsWith('/') && !file.split('/').includes('..')
