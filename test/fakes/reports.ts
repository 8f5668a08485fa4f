import type { Plan } from '../../runner/domain/plan.ts'
import type { Report } from '../../runner/domain/report.ts'
import type { Result } from '../../runner/domain/result.ts'
import { buildReport, type ReportContext } from '../../runner/report/build-report.ts'
import type { Blobs } from '../../runner/seams/records.ts'
import { fakePlan, type PlanShape } from './plans.ts'
import { fakeResult, type Story } from './results.ts'

/** What a batch of twenty looks like on a mixed day; longer batches repeat it. */
export const mixedDay: readonly Story[] = [
  ...(['pass', 'pass', 'tests-fail', 'pass', 'pass', 'judge-fails', 'pass', 'pass', 'time-limit', 'pass'] as const),
  ...(['pass', 'exception', 'pass', 'pass', 'judge-broken', 'pass', 'pass', 'pass', 'sandbox-lost', 'pass'] as const),
]

/** Text that tries everything at once on whoever shows it. */
export const hostileText =
  'HOSTILE </script><script>window.pwned=1</script> <img src=x onerror="window.pwned=1"> "\'><svg/onload=window.pwned=1> `` ``` ~~~ | \\| </details></code></pre> <!-- --> @octocat #1 acme/orders#2 https://evil.example ]]> \u001b[31mred\u001b[0m \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007 \u202eright-to-left\u202c \u200bzero \u0000nul \u0007bell \ud800 lone \ufffe'

type Told = { readonly plan: Plan; readonly results: readonly Result[]; readonly report: Report }

/** A plan, its results and its report. `edit` changes a result before it is reported. */
export async function fakeReport(
  blobs: Blobs,
  {
    stories = mixedDay,
    size = 1,
    edit = (result) => result,
    context = {},
    ...shape
  }: PlanShape & { stories?: readonly Story[]; size?: number; edit?: (result: Result) => Result; context?: Partial<ReportContext> } = {},
): Promise<Told> {
  const plan = fakePlan({ samples: stories.length, ...shape })
  const runs = plan.batches.flatMap((batch) => batch.runs)
  const results = await Promise.all(
    runs.map(async (run, index) => edit(await fakeResult(run, blobs, stories[index % stories.length], size))),
  )
  return { plan, results, report: buildReport(plan, results, { version: '0.1.0', now: new Date('2026-11-21T08:20:00Z'), ...context }) }
}

/** Every text that an agent, a judge or a dataset can put into a result. */
export function hostile(result: Result): Result {
  const { run, record, grade } = result
  return {
    run: { ...run, sample: { ...run.sample, id: hostileText, user: hostileText, from: { file: hostileText, line: 2 } } },
    record: {
      ...record,
      ended: record.ended.as === 'error' ? { ...record.ended, message: hostileText } : record.ended,
      turns: record.turns.map((turn) => ({
        ...turn,
        user: hostileText,
        response: hostileText,
        ...(turn.diff && { diff: { ...turn.diff, left: [hostileText] } }),
      })),
      outputs: record.outputs.map((ref) => ({ ...ref, name: hostileText })),
      warnings: [hostileText],
    },
    grade: {
      ...grade,
      reason: hostileText,
      scores: grade.scores.map((score) => ({ ...score, name: hostileText, evidence: hostileText })),
      ...(grade.judgement && {
        judgement: {
          ...grade.judgement,
          model: hostileText,
          reasoning: hostileText,
          cut: [hostileText],
          criteria: grade.judgement.criteria.map((criterion) => ({
            ...criterion,
            name: hostileText,
            quote: hostileText,
            reason: hostileText,
          })),
        },
      }),
    },
  }
}
