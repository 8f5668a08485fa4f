import { ProctorError } from '../../runner/domain/error.ts'
import type { Report } from '../../runner/domain/report.ts'
import type { Place } from '../../runner/report/github/read.ts'
import { buttons } from '../intents/checked.ts'
import type { Evaluation } from '../store/evaluations.ts'
import { checksPage, type WebWorld } from '../web/world.ts'
import type { Publishing } from './publishing.ts'

/** Has the check runs say what the rows do. Only what was decided completes one: what is about to be concluded may still be cancelled. */
export async function show({ evaluation, told, checks }: Pick<Publishing, 'evaluation' | 'told' | 'checks'>): Promise<void> {
  switch (evaluation.state) {
    case 'waiting':
      return checks.ask(approvalOf(evaluation), [buttons['approve-run']])
    case 'queued':
    case 'planning':
      return checks.queue()
    case 'running':
    case 'concluding':
      await checks.begin(told?.plan.batches ?? [])
      // One that has all its results is finished only with its verdict.
      if (told?.report.state === 'running') await checks.publish(told.report)
      return
    case 'done':
      if (told) return checks.publish(told.report)
      return checks.fail([new ProctorError('internal_error', 'there is a verdict, and no plan')])
    case 'failed':
      return checks.fail(errorsOf(evaluation))
    case 'cancelled':
      return checks.cancel(evaluation.note ?? 'cancelled')
  }
}

const errorsOf = ({ errors, note }: Evaluation): readonly ProctorError[] =>
  errors === null || errors.length === 0
    ? [new ProctorError('internal_error', note ?? 'it could not be finished; Re-run tries it again')]
    : errors.map(
        ({ code, message, place, log }) => new ProctorError(code, message, { ...(place && { place }), ...(log !== undefined && { log }) }),
      )

const approvalOf = ({ headSha, pullAuthor }: Evaluation) => ({
  title: 'Waiting for an approval',
  summary: [
    `This comes from a fork${pullAuthor ? ` of \`${pullAuthor.replaceAll(/[^\w-]/g, '')}\`` : ''}: nothing of it is run before somebody with write access has looked at it.`,
    `**Approve run** runs exactly the commit \`${headSha}\`, without credentials. So does this comment:`,
    `\`\`\`\n/proctor approve ${headSha}\n\`\`\``,
  ].join('\n\n'),
})

/** What can be done about a finished one. GitHub shows three. */
export function buttonsOf({ totals, batches }: Report) {
  const failed = totals.fail + totals.unscored > 0
  const regressed = batches.some(({ comparison }) => comparison && comparison.regressed.length > 0)
  return [...(failed ? [buttons['rerun-failed']] : []), ...(regressed ? [buttons['accept-baseline']] : [])]
}

export function placeOf(evaluation: Evaluation, repo: string, world: Pick<WebWorld, 'serverUrl'>): Place {
  const { serverUrl } = world
  const { headSha: sha, pull, approvedBy, request } = evaluation
  const notes = [
    ...(approvedBy === null
      ? []
      : [`Approved by ${approvedBy}${evaluation.approvedWithCredentials ? ', with credentials' : ', without credentials'}.`]),
    ...(request.by === undefined ? [] : [`Asked for by ${request.by}.`]),
  ]
  return {
    serverUrl,
    repo,
    sha,
    runUrl: pull === null ? checksPage(world, repo, sha) : `${serverUrl}/${repo}/pull/${pull}/checks`,
    ...(request.baseRef !== undefined && { baseRef: request.baseRef }),
    notes,
  }
}
