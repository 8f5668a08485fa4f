import { ProctorError } from '../../runner/domain/error.ts'
import type { Report } from '../../runner/domain/report.ts'
import type { Place } from '../../runner/report/github/read.ts'
import { hasEnded } from '../intents/again.ts'
import { buttons, externalIdOf } from '../intents/checked.ts'
import type { Evaluation } from '../store/evaluations.ts'
import { fullName, type WebWorld } from '../web/world.ts'
import type { Publishing } from './publishing.ts'
import { reportOf } from './report-of.ts'
import { filesOfRuns } from './run-files.ts'
import { sendLetters } from './send-letters.ts'

/**
 * Shows on GitHub what the rows say of an evaluation at this moment: its check runs by its state and, once it has ended, comment and
 * release. Whatever was shown before is found again by its external id, so that doing it again shows nothing twice.
 */
export async function publish(id: string, world: WebWorld): Promise<void> {
  const { store, clients, door, log } = world
  const evaluation = await store.evaluations.find(id)
  if (!evaluation) return
  const repository = await store.installations.repo(evaluation.repoId)
  if (!repository || repository.removedAt) return
  const repo = fullName(repository)
  const github = await clients.of({ id: repository.id, installation: repository.installationId })
  const live = evaluation.state === 'running'
  const told = evaluation.errors === null ? await reportOf(evaluation, world, { live }) : undefined
  const place = placeOf(evaluation, repo, world)
  const checks = door.openChecks({
    github,
    repo,
    sha: evaluation.headSha,
    externalId: externalIdOf(id),
    name: evaluation.request.aside ? 'proctor run' : 'proctor',
    place,
    read: filesOfRuns(told?.results ?? [], world.blobs),
    files: new Set(told?.plan.batches.flatMap(({ runs }) => runs.flatMap(({ sample }) => sample.from?.file ?? []))),
    progressMs: 0,
    actions: buttonsOf,
    log: (line) => log.info({ evaluation: id }, line),
  })
  await show({ evaluation, told, checks })
  await remember(evaluation, checks, world)
  if (hasEnded(evaluation)) await sendLetters({ evaluation, told, repo, github, place, checks }, world)
}

/** By state: what waits, what goes on, and what has ended, for whichever reason. */
async function show({ evaluation, told, checks }: Pick<Publishing, 'evaluation' | 'told' | 'checks'>): Promise<void> {
  switch (evaluation.state) {
    case 'waiting':
      return checks.ask(approvalOf(evaluation), [buttons['approve-run']])
    case 'queued':
    case 'planning':
      return checks.queue()
    case 'running':
    case 'concluding':
      await checks.begin(told?.plan.batches ?? [])
      if (told) await checks.publish(told.report)
      return
    case 'done':
      if (told) return checks.publish(told.report)
      return checks.fail([new ProctorError('internal_error', 'there is a verdict, and no plan')])
    case 'failed':
      return checks.fail(errorsOf(evaluation))
    case 'cancelled':
      await checks.queue()
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
function buttonsOf({ totals, batches }: Report) {
  const failed = totals.fail + totals.unscored > 0
  const regressed = batches.some(({ comparison }) => comparison && comparison.regressed.length > 0)
  return [...(failed ? [buttons['rerun-failed']] : []), ...(regressed ? [buttons['accept-baseline']] : [])]
}

function placeOf(evaluation: Evaluation, repo: string, { serverUrl }: Pick<WebWorld, 'serverUrl'>): Place {
  const { headSha: sha, pull, approvedBy, request } = evaluation
  const page = pull === null ? `commit/${sha}/checks` : `pull/${pull}/checks`
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
    runUrl: `${serverUrl}/${repo}/${page}`,
    ...(request.baseRef !== undefined && { baseRef: request.baseRef }),
    notes,
  }
}

/** So that the reconciler knows what is still open, whoever dies. */
async function remember({ id }: Evaluation, checks: Publishing['checks'], { store }: Pick<WebWorld, 'store'>): Promise<void> {
  for (const { id: githubId, name, isOpen, conclusion } of checks.all)
    await store.checkRuns.save({
      evaluationId: id,
      name,
      githubId,
      status: isOpen ? 'in_progress' : 'completed',
      ...(conclusion !== undefined && { conclusion }),
    })
}
