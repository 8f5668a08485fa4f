import { ProctorError } from '../../../../runner/domain/error.ts'
import type { Report } from '../../../../runner/domain/report.ts'
import { aggregateOutput, checkOutput } from '../../../../runner/report/github/check-output.ts'
import { commentBody } from '../../../../runner/report/github/comment.ts'
import { failedOutput } from '../../../../runner/report/github/failed.ts'
import { jobSummary } from '../../../../runner/report/github/job-summary.ts'
import type { Place, ReadText } from '../../../../runner/report/github/read.ts'
import { releaseBlock } from '../../../../runner/report/github/release-notes.ts'

/** GitHub's limits, and how much of them we use. */
export const limits = {
  summary: 65_000,
  text: 65_000,
  aggregate: 65_000,
  failed: 65_000,
  comment: 60_000,
  job: 1_000_000,
  release: 20_000,
} as const
export type Page = keyof typeof limits
export const pageNames: readonly Page[] = ['summary', 'text', 'aggregate', 'failed', 'comment', 'job', 'release']

type Given = {
  readonly report: Report
  readonly place: Place
  readonly read: ReadText
  readonly errors?: readonly ProctorError[]
  readonly key?: string
}

/** Each page that proctor shows on GitHub, within so many bytes (default: its limit). */
export async function pageOf(
  name: Page,
  { report, place, read, errors = someErrors, key = 'proctor' }: Given,
  bytes: number = limits[name],
): Promise<string> {
  const [batch] = report.batches
  switch (name) {
    case 'summary':
    case 'text':
      return batch ? (await checkOutput(batch, report, place, read, { [name]: bytes }))[name] : ''
    case 'aggregate':
      return aggregateOutput(report, place, bytes).summary
    case 'failed':
      return failedOutput(errors, place, bytes).summary
    case 'comment':
      return commentBody(report, place, { key, order: [7, 1], bytes })
    case 'job':
      return jobSummary(report, place, bytes)
    case 'release':
      return releaseBlock(report, place, { key, bytes })
  }
}

const someErrors = [
  new ProctorError('config_invalid', '`gate`: found "high"; accepted: an object', {
    place: { file: 'agents/fixer/evals/parser.yaml', line: 7, column: 3 },
  }),
  new ProctorError('environment_setup_failed', 'pip install failed', { command: 'pip install ordrs', log: 'ERROR: no such package ordrs' }),
]
export const attackedErrors = (attack: string): readonly ProctorError[] => [
  new ProctorError('config_invalid', attack, { place: { file: attack, line: 3 } }),
  new ProctorError('environment_setup_failed', attack, { command: attack, log: attack }),
]
