import { ProctorError, toError } from '../../runner/domain/error.ts'
import { hasEnded } from '../intents/again.ts'
import { externalIdOf } from '../intents/checked.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { Repo } from '../store/github/installations.ts'
import { fullName, type WebWorld } from '../web/world.ts'
import { checkMemory } from './check-memory.ts'
import { hopelessMs } from './publishing.ts'
import { reportOf } from './report-of.ts'
import { filesOfRuns } from './run-files.ts'
import { sendLetters } from './send-letters.ts'
import { buttonsOf, placeOf, show } from './show.ts'

/**
 * Shows on GitHub what the rows say of an evaluation at this moment: its check runs by its state and, once it has ended, comment and
 * release. Done again it writes only what is not there yet. What does not work is tried again, ever less often, until there is no hope:
 * throws in the meantime.
 */
export async function publish(id: string, world: WebWorld): Promise<void> {
  const { store } = world
  const evaluation = await store.evaluations.find(id)
  if (!evaluation) return
  const repository = await store.installations.repo(evaluation.repoId)
  if (!repository || repository.removedAt) return giveUp(evaluation, 'the App is not installed at the repository any more', world)
  try {
    await tell(evaluation, repository, world)
  } catch (error) {
    const why = toError(error).message.slice(0, 1000)
    const { since } = await store.troubles.note({ evaluation: id, work: 'publish', why })
    if (Date.now() - since.getTime() < hopelessMs) throw error
    await giveUp(evaluation, `it did not work for ${hopelessMs / 86_400_000} days: ${why}`, world)
  }
}

async function tell(evaluation: Evaluation, repository: Repo, world: WebWorld): Promise<void> {
  const { store, clients, door, log } = world
  const { id, state } = evaluation
  const repo = fullName(repository)
  const github = await clients.of({ id: repository.id, installation: repository.installationId })
  const live = state === 'running' || state === 'concluding'
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
    memory: await checkMemory(id, store),
    progressMs: 0,
    actions: buttonsOf,
    log: (line) => log.info({ evaluation: id }, line),
  })
  await show({ evaluation, told, checks })
  if (hasEnded(evaluation)) await sendLetters({ evaluation, told, repo, github, place, checks }, world)
  if (checks.refused) throw new ProctorError('github_refused', 'GitHub lets the App write no check runs there')
  await store.publications.shown({ id, state, results: told?.kept ?? 0 })
}

/** Nobody is told of it any more. What is open on GitHub stays so: there it goes stale by itself. */
async function giveUp({ id, state }: Evaluation, why: string, { store, log }: Pick<WebWorld, 'store' | 'log'>): Promise<void> {
  await store.publications.giveUp(id, state, why)
  log.warn({ evaluation: id, state, why }, 'it is shown to nobody any more')
}
