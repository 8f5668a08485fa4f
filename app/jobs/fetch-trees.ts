import { fullName, type WebWorld } from '../web/world.ts'

/** Puts GitHub's archives of head and base where workers find them, which have no way to GitHub themselves. Asked twice, it does it once. */
export async function fetchTrees(id: string, { store, clients, door, blobs, signal }: WebWorld): Promise<void> {
  const evaluation = await store.evaluations.find(id)
  if (evaluation?.state !== 'queued') return
  const repo = await store.installations.repo(evaluation.repoId)
  if (!repo) return void (await store.evaluations.giveUp(evaluation.id, 'the repository is not installed any more'))
  const github = await clients.of({ id: repo.id, installation: repo.installationId })
  const fetch = async (commit: string) => blobs.put(await door.tarball(github, fullName(repo), commit, signal), `${commit}.tar.gz`)
  const head = await fetch(evaluation.headSha)
  const base = evaluation.baseSha === null ? undefined : await fetch(evaluation.baseSha)
  await store.evaluations.fetched({ id: evaluation.id, head, ...(base && { base }) })
}
