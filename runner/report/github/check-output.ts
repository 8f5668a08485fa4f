import type { Report, ReportBatch } from '../../domain/report.ts'
import { codeSpan, prose } from '../neutral.ts'
import { batchTitle, conclusionWords } from '../wording.ts'
import { checkBytes, fitted } from './blocks/budget.ts'
import { comparisonBlock } from './blocks/comparison.ts'
import { costLine, factsBlock, notesBlock, runWarnings } from './blocks/facts.ts'
import { pagesLine } from './blocks/links.ts'
import { readDiffs, runsText } from './blocks/runs.ts'
import { peopleBlock } from './blocks/said.ts'
import { badgesLine, evalTable, scorerTable } from './blocks/tables.ts'
import { titleOf, titleOfAll } from './blocks/title.ts'
import { rankedRuns } from './ranking.ts'
import type { Place, ReadText } from './read.ts'

/** `title` is plain text; `summary` and `text` are Markdown within GitHub's limits, in UTF-8 bytes. */
export type CheckOutput = { readonly title: string; readonly summary: string; readonly text: string }
/** How many bytes each part may have. */
type Bytes = { readonly summary?: number; readonly text?: number }

/** The check run of one batch. Diffs are read, as far as there is room for them. */
export async function checkOutput(
  batch: ReportBatch,
  report: Report,
  place: Place,
  read: ReadText,
  { summary = checkBytes, text = checkBytes }: Bytes = {},
): Promise<CheckOutput> {
  const runs = rankedRuns(batch)
  return {
    title: titleOf(batch, report, place),
    summary: batchSummary(batch, report, place, { bytes: summary }),
    text: runsText(batch, runs, { place, bytes: text, diffs: await readDiffs(runs, read) }),
  }
}

/** The check run of everything. */
export function aggregateOutput(report: Report, place: Place, bytes = checkBytes): Omit<CheckOutput, 'text'> {
  const { batches, warnings, state } = report
  return {
    title: titleOfAll(report, place),
    summary: fitted(steps, {
      bytes,
      blocks: ({ rows, names, notes }) =>
        present([
          batches.length === 0 ? 'There was nothing to run.' : evalTable(batches, { state, rows }),
          reasons(batches, rows),
          ...batches.slice(0, names === 0 ? 0 : rows).map((batch) => changed(batch, place, { names, titled: batches.length > 1 })),
          batches.length === 0 ? undefined : `- ${costLine(batches)}`,
          notesBlock([...place.notes, ...warnings], notes),
          pagesLine(place),
        ]),
    }),
  }
}

/** Why it is what it is, what counts, what changed, what it took, and what to know. `beside`: on a page that says the rest for all evals. */
export function batchSummary(
  batch: ReportBatch,
  { state, warnings }: Report,
  place: Place,
  { bytes, beside = false }: { bytes: number; beside?: boolean },
): string {
  return fitted(steps, {
    bytes,
    blocks: ({ rows, names, notes }) =>
      present([
        `**${state === 'running' ? 'Running' : conclusionWords[batch.conclusion]}.** ${prose(batch.reason, 1000)}`,
        batch.proposed ? 'This eval is proposed: the change itself brings or alters it, so it decides nothing.' : undefined,
        badgesLine(batch, Math.max(1, rows)),
        beside ? undefined : evalTable([batch], { state, rows: 1 }),
        comparisonBlock(batch, place, names),
        peopleBlock(batch, names),
        batch.scorers.length > 0 && rows > 0 ? scorerTable(batch, rows) : undefined,
        factsBlock(batch, place, names),
        notesBlock([...(beside ? [] : [...place.notes, ...warnings]), ...runWarnings(batch)], notes),
        batch.description === undefined ? undefined : `Eval: ${prose(batch.description, 400)}`,
        beside ? undefined : pagesLine(place),
      ]),
  })
}

/** Rows of tables, names in lists, notes: what goes first when there is no room. */
const steps = [
  { rows: 100, names: 100, notes: 40 },
  { rows: 50, names: 30, notes: 20 },
  { rows: 20, names: 10, notes: 10 },
  { rows: 5, names: 3, notes: 3 },
  { rows: 1, names: 0, notes: 0 },
] as const

function reasons(batches: readonly ReportBatch[], rows: number): string | undefined {
  const telling = batches.filter(({ conclusion }) => conclusion !== 'success').slice(0, rows)
  return telling.length === 0 ? undefined : telling.map((batch) => `- ${titled(batch)} ${prose(batch.reason, 400)}`).join('\n')
}

function changed(batch: ReportBatch, place: Place, given: { names: number; titled: boolean }): string | undefined {
  const { comparison } = batch
  if (!comparison || comparison.regressed.length + comparison.fixed.length === 0) return undefined
  const block = comparisonBlock(batch, place, given.names)
  return given.titled ? `${titled(batch)}\n\n${block}` : block
}
const titled = (batch: ReportBatch) => `${codeSpan(batchTitle(batch), 100)}${batch.proposed ? ' (proposed)' : ''}:`

const present = (blocks: readonly (string | undefined)[]) => blocks.filter((block): block is string => block !== undefined && block !== '')
