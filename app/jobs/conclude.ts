import { codes } from '../../runner/domain/codes.ts'
import type { Conclusion } from '../../runner/domain/report.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { WebWorld } from '../web/world.ts'
import { reportOf } from './report-of.ts'

/** The one verdict of an evaluation, and what is to be written about it. Done twice, the second time changes nothing. */
export async function conclude(id: string, world: WebWorld): Promise<void> {
  const { store, blobs } = world
  const evaluation = await store.evaluations.find(id)
  if (evaluation?.state !== 'concluding') return
  const told = evaluation.errors === null ? await reportOf(evaluation, world) : undefined
  if (!told) {
    const letters = evaluation.pull === null ? [] : [commentOf(evaluation)]
    await store.verdicts.conclude({ evaluation: id, revision: 0, conclusion: gravest(evaluation), state: 'failed', batches: [], letters })
    return
  }
  const { report } = told
  await store.verdicts.conclude({
    evaluation: id,
    revision: report.revision,
    conclusion: report.conclusion,
    report: await blobs.put(ReadableStream.from([Buffer.from(JSON.stringify(report))]), 'report.json'),
    totals: report.totals,
    state: 'done',
    batches: report.batches,
    letters: evaluation.pull === null ? [] : [commentOf(evaluation)],
  })
}

const commentOf = ({ id, pull }: Evaluation) => ({ kind: 'comment', key: `comment:${id}`, payload: { pull } }) as const

/** What stopped it before anything ran. */
function gravest({ errors }: Evaluation): Conclusion {
  const found = new Set((errors ?? []).map(({ code }) => codes[code].conclusion))
  return (['action_required', 'failure', 'neutral'] as const).find((conclusion) => found.has(conclusion)) ?? 'neutral'
}
