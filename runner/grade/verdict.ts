import { explain } from '../domain/error.ts'
import type { Judgement, Score, Verdict } from '../domain/grade.ts'
import type { RunRecord } from '../domain/record.ts'

type Known = { readonly record: RunRecord; readonly scores: readonly Score[]; readonly judgement: Judgement | undefined }

/**
 * pass = no agent failure, every required scorer PASS (N/A is neutral), judgement PASS when there is a judge. A limit that was hit is
 * no failure by itself: what the agent left by then is what counts.
 */
export function decide({ record, scores, judgement }: Known): { readonly verdict: Verdict; readonly reason: string } {
  const { ended } = record
  if (ended.as === 'error') return { verdict: 'fail', reason: `${ended.code}: ${ended.message.split('\n')[0] || explain(ended.code).what}` }

  const limit = ended.as === 'limit' ? ` (stopped by its ${ended.limit} limit)` : ''
  const failed = scores.filter(({ required, status }) => required && status === 'FAIL').map(({ name }) => name)
  if (failed.length > 0) return { verdict: 'fail', reason: `${failed.join(', ')} failed${limit}` }
  if (judgement && !judgement.pass)
    return {
      verdict: 'fail',
      reason: `the judge failed ${judgement.criteria
        .filter(({ pass }) => !pass)
        .map(({ name }) => name)
        .join(', ')}${limit}`,
    }
  return { verdict: 'pass', reason: `${passed(scores)}${judgement ? 'the judge passed it' : ''}`.replace(/, $/, '') + limit }
}

function passed(scores: readonly Score[]): string {
  const names = scores.filter(({ status }) => status === 'PASS').map(({ name }) => name)
  return names.length > 0 ? `${names.join(', ')} passed, ` : ''
}
