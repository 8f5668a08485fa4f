import type { People } from '../../runner/report/people.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { WebWorld } from '../web/world.ts'

/** What people decided and said about the samples of an evaluation, whichever evaluation they were reading. */
export async function peopleOn({ id, repoId }: Pick<Evaluation, 'id' | 'repoId'>, { store }: Pick<WebWorld, 'store'>): Promise<People> {
  const quarantined = await store.quarantine.of(repoId)
  const feedback = await store.feedback.forEvaluation(id)
  const expected = await store.expected.forEvaluation(id)
  return {
    quarantined: quarantined.map(sampleOf),
    accepted: await store.baselines.acceptedFailures(id),
    feedback: feedback.map(({ rating, body, trusted, ...row }) => ({ ...sampleOf(row), rating, body, trusted, ...saidBy(row) })),
    expected: expected.map(({ name, blob: { bytes, digest }, ...row }) => ({ ...sampleOf(row), name, bytes, digest, ...saidBy(row) })),
  }
}

type OfSample = { readonly agent: string | null; readonly eval: string | null; readonly sampleId: string | null }
const sampleOf = ({ agent, eval: title, sampleId }: OfSample) => ({ agent: agent ?? '', eval: title ?? '', sample: sampleId ?? '' })
type Said = { readonly author: string; readonly url: string; readonly createdAt: Date }
const saidBy = ({ author, url, createdAt }: Said) => ({ author, url, at: createdAt.toISOString() })
