import type { Evaluation } from '../store/evaluations.ts'
import type { WebWorld } from '../web/world.ts'

type Again = {
  readonly of: Evaluation
  /** `nothing`: every result is taken over; only the verdict is made anew. */
  readonly anew: 'all' | 'failed' | 'nothing'
  readonly by: string
  /** Names the wish: the same one is not granted twice. */
  readonly wish: string
}
export const hasEnded = ({ state }: Pick<Evaluation, 'state'>): boolean => state === 'done' || state === 'failed' || state === 'cancelled'

/** It decides about its commit: it was not only asked for beside what does. */
export const isDeciding = ({ request }: Pick<Evaluation, 'request'>): boolean => request.aside !== true

/** Another evaluation of the same commit and the same request. Gives why not, when the first one has not ended. */
export async function again(
  { of, anew, by, wish }: Again,
  { store }: Pick<WebWorld, 'store'>,
): Promise<{ readonly evaluation: string } | { readonly refused: string }> {
  if (!hasEnded(of)) return { refused: 'it has not ended yet' }
  const { evaluation } = await store.evaluations.create({
    repoId: of.repoId,
    installationId: of.installationId,
    organisation: of.organisation,
    kind: of.kind,
    headSha: of.headSha,
    defaultBranch: of.defaultBranch,
    trust: of.trust,
    // Approved for exactly this commit, it stays so; a fork's that never was waits again.
    state: of.trust === 'fork' && of.approvedBy === null ? 'waiting' : 'queued',
    request: { ...of.request, rerun: { of: of.id, anew }, by },
    priority: 8,
    dedupe: `again:${wish}`,
    // As old as its commit: it never takes the place of a newer one.
    happenedAt: of.happenedAt,
    ...given('supersedes', of.supersedes),
    ...given('ref', of.ref),
    ...given('pull', of.pull),
    ...given('pullAuthor', of.pullAuthor),
    ...given('tag', of.tag),
    ...given('baseSha', of.baseSha),
    ...given('headRepoId', of.headRepoId),
    ...(of.approvedBy !== null && { approvedBy: of.approvedBy, approvedWithCredentials: of.approvedWithCredentials }),
  })
  return { evaluation: evaluation.id }
}

const given = <K extends string, T>(key: K, value: T | null) => (value === null ? {} : ({ [key]: value } as { readonly [key in K]: T })) // one key
