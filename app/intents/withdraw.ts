import type { WebWorld } from '../web/world.ts'

/** Ends what is under way for a pull request: nobody waits for it any more. Gives how many evaluations that were. */
export async function withdraw(repoId: number, pull: number, why: string, { store }: Pick<WebWorld, 'store'>): Promise<number> {
  const all = await store.evaluations.withKey(repoId, `pull:${pull}`)
  const ended = await Promise.all(all.map(({ id }) => store.evaluations.cancel(id, why)))
  return ended.filter(Boolean).length
}
