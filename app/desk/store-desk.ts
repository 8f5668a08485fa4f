import { setTimeout as wait } from 'node:timers/promises'
import type { Claim } from '../store/claims.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { Nouns } from '../store/open.ts'
import type { Brief, Desk, Sealed } from './desk.ts'

type Store = Pick<Nouns, 'workers' | 'claims' | 'builds' | 'chunks' | 'results' | 'evaluations' | 'installations'>
/** How long web may take to seal credentials. */
const sealingMs = 30_000

/**
 * A desk in front of the store itself: for a worker with a database of its own, and for the one that others reach through a socket. What a
 * claim says is believed only when it was given out so.
 */
export function storeDesk(store: Store): Desk {
  const desk = believing(store)
  const given = async <T>(claim: Claim, act: () => Promise<T>, otherwise: T): Promise<T> =>
    (await store.claims.isGiven(claim)) ? act() : otherwise
  return {
    register: desk.register,
    claim: desk.claim,
    beat: (claim) => given(claim, () => desk.beat(claim), false),
    about: (claim) => given(claim, () => desk.about(claim), undefined),
    planned: (claim, plan) => given(claim, () => desk.planned(claim, plan), false),
    refused: (claim, errors) => given(claim, () => desk.refused(claim, errors), false),
    keep: (claim, result) => given(claim, () => desk.keep(claim, result), false),
    results: (claim) => given(claim, () => desk.results(claim), []),
    find: (claim, keys) => given(claim, () => desk.find(claim, keys), {}),
    earlier: (claim, keys) => given(claim, () => desk.earlier(claim, keys), undefined),
    credentials: (claim, names, publicKey) => given(claim, () => desk.credentials(claim, names, publicKey), undefined),
    takeBuild: (claim) => given(claim, () => desk.takeBuild(claim), 'lost'),
    endBuild: (claim) => given(claim, () => desk.endBuild(claim), undefined),
    finish: (claim) => given(claim, () => desk.finish(claim), false),
    fail: (claim, error) => given(claim, () => desk.fail(claim, error), false),
  }
}

function believing(store: Store): Desk {
  return {
    register: (worker) => store.workers.register(worker),
    claim: (worker, waitMs, signal) => store.claims.next({ worker, waitMs, ...(signal && { signal }) }),
    beat: (claim) => store.claims.beat(claim),
    async about(claim) {
      const evaluation = await store.evaluations.find(claim.evaluation)
      const repo = evaluation && (await store.installations.repo(evaluation.repoId))
      return evaluation && repo && evaluation.headTree ? briefOf(evaluation, { ...repo }) : undefined
    },
    planned: (claim, plan) => store.chunks.planned(claim, plan),
    refused: (claim, errors) => store.chunks.refused(claim, errors),
    keep: (claim, result) => store.results.keep(claim, result),
    results: (claim) => store.results.of(claim.evaluation),
    find: (claim, keys) => store.results.find(claim.evaluation, keys),
    async earlier(claim, keys) {
      const evaluation = await store.evaluations.find(claim.evaluation)
      if (!evaluation) return undefined
      const { rerun } = evaluation.request
      // Asked to look at everything again, it takes nothing over.
      if (rerun?.anew === 'all') return undefined
      const again =
        rerun && (await store.results.of(rerun.of)).findLast((kept) => kept.keys.run === keys.run && kept.keys.grade === keys.grade)
      if (again && (again.grade.verdict === 'pass' || (rerun.anew === 'nothing' && again.grade.verdict === 'fail')))
        return {
          record: again.record,
          grade: again.grade,
          origin: again.reused ?? { plan: evaluation.planId ?? keys.run, commit: evaluation.headSha },
        }
      if (rerun?.anew === 'failed' && again) return undefined
      return store.results.earlier(evaluation.repoId, keys)
    },
    credentials: (claim, names, publicKey) => sealed(store, { claim, names, publicKey }),
    takeBuild: (claim) => store.builds.take(claim),
    endBuild: (claim) => store.builds.end(claim),
    finish: (claim) => store.chunks.finish(claim),
    fail: (claim, error) => store.claims.fail(claim, error),
  }
}

/** Web alone has the values: it is asked through the claim, and its answer is for this claim's key. */
async function sealed(
  { claims }: Pick<Store, 'claims'>,
  { claim, names, publicKey }: { readonly claim: Claim; readonly names: readonly string[]; readonly publicKey: string },
): Promise<Sealed | undefined> {
  if (!(await claims.want(claim, names, publicKey))) return undefined
  const until = Date.now() + sealingMs
  for (;;) {
    const found = (await claims.sealed(claim)) as Sealed | undefined // what web wrote, with `seal`
    if (found) return found
    if (Date.now() > until) return undefined
    await wait(100)
  }
}

function briefOf(evaluation: Evaluation, { owner, name }: { readonly owner: string; readonly name: string }): Brief {
  const { id, organisation, kind, ref, pull, headSha, headTree, baseSha, baseTree, trust, defaultBranch, request, planBlob, createdAt } =
    evaluation
  if (!headTree) throw new Error('an evaluation without a tree has no job')
  return {
    evaluation: id,
    organisation,
    repo: `${owner}/${name}`,
    kind,
    ref: ref ?? headSha,
    ...(pull !== null && { pull }),
    head: { commit: headSha, tree: headTree },
    ...(baseSha !== null && baseTree && { base: { commit: baseSha, tree: baseTree } }),
    credentials: trust === 'trusted' || evaluation.approvedWithCredentials,
    proposals: trust === 'trusted' && pull !== null,
    trust: trust === 'fork' ? 'fork' : defaultBranch ? 'default branch' : 'pull request',
    request,
    asked: createdAt.toISOString(),
    ...(planBlob && { plan: planBlob }),
  }
}
