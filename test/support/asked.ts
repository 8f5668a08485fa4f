import { randomUUID } from 'node:crypto'
import type { Claim } from '../../app/store/claims.ts'
import type { NewEvaluation } from '../../app/store/evaluations.ts'
import type { Nouns } from '../../app/store/open.ts'
import type { BlobRef, Digest } from '../../runner/domain/blob.ts'

let last = Date.now() % 1_000_000_000

/** An id that no other test has. */
export const freshId = () => ++last

export const someBlob: BlobRef = { digest: `sha256:${'ab'.repeat(32)}`, bytes: 3, name: 'tree.tar' }
export const somePlan: Digest = `sha256:${'cd'.repeat(32)}`

/** What a push to a default branch asks for, unless it is told otherwise. */
export const asked = (more: Partial<NewEvaluation> = {}): NewEvaluation => ({
  repoId: freshId(),
  installationId: 7,
  organisation: `org-${freshId()}`,
  kind: 'push',
  headSha: randomUUID().replaceAll('-', ''),
  defaultBranch: true,
  trust: 'trusted',
  state: 'queued',
  request: {},
  priority: 0,
  dedupe: randomUUID(),
  ...more,
})

/** An evaluation that a worker may plan. */
export async function planning(
  store: Nouns,
  more: Partial<NewEvaluation> = {},
): Promise<{ readonly id: string; readonly organisation: string }> {
  const { evaluation } = await store.evaluations.create(asked(more))
  await store.evaluations.fetched({ id: evaluation.id, head: someBlob })
  return evaluation
}

/** A worker for one organisation alone, so that tests do not take each other's jobs. */
export const workerFor = (store: Nouns, organisation: string) =>
  store.workers.register({ name: 'test', organisations: [organisation], publicKey: 'key' })

export async function claimed(store: Pick<Nouns, 'claims'>, worker: string): Promise<Claim> {
  const claim = await store.claims.next({ worker, waitMs: 10_000 })
  if (!claim) throw new Error('there was nothing to claim')
  return claim
}

/** An evaluation that runs in so many chunks. */
export async function running(store: Nouns, { chunks = 1, ...more }: Partial<NewEvaluation> & { readonly chunks?: number } = {}) {
  const { id, organisation } = await planning(store, more)
  const worker = await workerFor(store, organisation)
  const claim = await claimed(store, worker)
  const gate = { minPassRate: 1, noRegressions: false }
  const batches = [{ eval: 'parser', agent: 'fixer', proposed: false, gate, samples: [{ id: 'quoted-comma' }] }]
  if (!(await store.chunks.planned(claim, { id: somePlan, blob: someBlob, batches, chunks }))) throw new Error('the claim was lost')
  return { id, organisation, worker }
}
