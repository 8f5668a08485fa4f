import type { ProctorError } from '../../../domain/error.ts'
import type { Conclusion, Report, ReportBatch } from '../../../domain/report.ts'
import { annotationsOf } from '../../../report/github/annotations.ts'
import { aggregateOutput, checkOutput } from '../../../report/github/check-output.ts'
import { failedOutput } from '../../../report/github/failed.ts'
import type { Place, ReadText } from '../../../report/github/read.ts'
import { mostAmong } from './annotations.ts'
import type { Output } from './check-run.ts'
import type { Steps } from './fitting.ts'

export type Shown = { readonly place: Place; readonly read: ReadText; readonly files: ReadonlySet<string> }
/** What names a batch; a plan's and a report's both have it. */
export type Named = { readonly eval: string; readonly agent: string; readonly proposed?: boolean }

/** Stable for branch protection: nothing in it comes from a run. */
export const nameOf = (aggregate: string, { eval: name, agent, proposed }: Named): string =>
  `${aggregate} / ${agent} / ${name}${proposed ? ' (proposed)' : ''}`

/** What a change brings itself decides nothing. */
export const conclusionOf = ({ conclusion, proposed }: ReportBatch): Conclusion =>
  proposed && conclusion !== 'success' ? 'neutral' : conclusion

/** Bytes of a check run's text, in the order in which they are tried. */
const budgets = [65_000, 16_000]

export function batchSteps(batch: ReportBatch, report: Report, shown: Shown): Steps {
  const { place, read, files } = shown
  const annotations = annotationsOf(batch, { files, most: mostAmong(report.batches.length) })
  const whole = (text: number) => checkOutput(batch, report, place, read, { text })
  return [
    ...budgets.map((text) => async () => ({ ...(await whole(text)), annotations })),
    async () => ({ ...(await withoutText(batch, report, shown)), annotations }),
    () => withoutText(batch, report, shown),
    async () => bare((await withoutText(batch, report, shown)).title, place),
  ]
}

/** What is shown while runs are going on, too. */
export async function withoutText(batch: ReportBatch, report: Report, { place }: Shown): Promise<Output> {
  const { title, summary } = await checkOutput(batch, report, place, async () => undefined, { text: 0 })
  return { title, summary }
}

export const aggregateSteps = (report: Report, { place }: Shown): Steps => {
  const { title, summary } = aggregateOutput(report, place)
  return [() => ({ title, summary }), () => bare(title, place)]
}

/** `annotations` on one check run alone: the same lines are about all of them. */
export function failedSteps(errors: readonly ProctorError[], { place }: Shown, annotated: boolean): Steps {
  const { title, summary, annotations } = failedOutput(errors, place)
  return [...(annotated ? [() => ({ title, summary, annotations })] : []), () => ({ title, summary }), () => bare(title, place)]
}

/** What nobody can refuse. */
const bare = (title: string, { reportUrl, runUrl }: Place): Output => ({
  title: title.slice(0, 100),
  summary: `GitHub did not take the whole of it: ${reportUrl ?? runUrl}`,
})
