import { type ProctorError, toError } from '../../runner/domain/error.ts'
import { errorLine } from '../store/error-line.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { Repo } from '../store/github/installations.ts'
import { fullName, type WebWorld } from '../web/world.ts'

/** Of a tree as GitHub packs it. It is read by every worker that runs a part of the evaluation, and kept as long as that is. */
const mostBytes = 1024 ** 3

/**
 * Puts GitHub's archives of head and base where workers find them, which have no way to GitHub themselves. Asked twice, it does it once.
 * What no later try can change ends the evaluation; everything else is tried again, ever less often, as the reconciler finds it.
 */
export async function fetchTrees(id: string, world: WebWorld): Promise<void> {
  const { store, signal } = world
  const evaluation = await store.evaluations.find(id)
  if (evaluation?.state !== 'queued') return
  const repo = await store.installations.repo(evaluation.repoId)
  if (!repo || repo.removedAt) return void (await store.evaluations.giveUp(evaluation.id, 'the repository is not installed any more'))
  const trees = await treesOf(evaluation, repo, world).catch((error: unknown) => {
    signal.throwIfAborted()
    return toError(error)
  })
  if (trees instanceof Error) return stop(evaluation, trees, world)
  await store.evaluations.fetched({ id: evaluation.id, ...trees })
  await store.troubles.over(id, 'fetch')
}

async function treesOf({ headSha, baseSha }: Evaluation, repo: Repo, { clients, door, blobs, signal }: WebWorld) {
  const github = await clients.of({ id: repo.id, installation: repo.installationId })
  const fetch = async (commit: string) =>
    blobs.put(await door.tarball(github, fullName(repo), commit, { signal, mostBytes }), `${commit}.tar.gz`)
  const head = await fetch(headSha)
  return { head, ...(baseSha !== null && { base: await fetch(baseSha) }) }
}

async function stop({ id }: Evaluation, error: ProctorError, { store, log }: WebWorld): Promise<void> {
  const { tries } = await store.troubles.note({ evaluation: id, work: 'fetch', why: error.message.slice(0, 1000) })
  const isOver = isHopeless(error, tries) && (await store.trees.refused(id, errorLine(error)))
  log.warn({ evaluation: id, error: error.message, tries }, isOver ? 'there is no tree to examine' : 'a tree waits')
}

/** What GitHub does not show at once it may show a moment later: one of its machines may not have heard of a push yet. */
const isHopeless = (error: ProctorError, tries: number): boolean =>
  error.code === 'tree_too_large' || (tries > 1 && (error.code === 'commit_gone' || ('status' in error && error.status === 403)))
