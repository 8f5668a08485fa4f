import { codes } from '../../runner/domain/codes.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import type { Conclusion } from '../../runner/domain/report.ts'
import { replyLetter } from '../comments/outcome.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { Letter } from '../store/verdicts.ts'
import type { WebWorld } from '../web/world.ts'
import { reportOf } from './report-of.ts'

/** The one verdict of an evaluation, and what is to be written about it. Done twice, the second time changes nothing. */
export async function conclude(id: string, world: WebWorld): Promise<void> {
  const { store, blobs } = world
  const evaluation = await store.evaluations.find(id)
  if (evaluation?.state !== 'concluding') return
  const told = evaluation.errors === null ? await reportOf(evaluation, world) : undefined
  if (!told) {
    const conclusion = gravest(evaluation)
    await store.verdicts.conclude({ evaluation: id, revision: 0, conclusion, state: 'failed', batches: [], letters: lettersOf(evaluation) })
    return
  }
  const { report } = told
  if (evaluation.defaultBranch) await store.agents.seen(evaluation.repoId, agentsOf(told.plan))
  await store.verdicts.conclude({
    evaluation: id,
    revision: report.revision,
    conclusion: report.conclusion,
    report: await blobs.put(ReadableStream.from([Buffer.from(JSON.stringify(report))]), 'report.json'),
    totals: report.totals,
    state: 'done',
    batches: report.batches,
    letters: lettersOf(evaluation),
  })
}

/** The one comment of a pull request tells of what decides about it; whoever asked for more is told below their own. */
function lettersOf(evaluation: Evaluation): readonly Letter[] {
  const { id, pull, request } = evaluation
  const reply = replyLetter(evaluation)
  return [
    ...(pull === null || request.aside ? [] : [{ kind: 'comment', key: `comment:${id}`, payload: { pull } } as const]),
    ...(reply ? [reply] : []),
  ]
}

/** What a push to the default branch says that there is. */
const agentsOf = ({ batches }: Plan) => [...new Set(batches.map(({ agent }) => agent))].map((slug) => ({ slug, name: slug }))

/** What stopped it before anything ran. */
function gravest({ errors }: Evaluation): Conclusion {
  const found = new Set((errors ?? []).map(({ code }) => codes[code].conclusion))
  return (['action_required', 'failure', 'neutral'] as const).find((conclusion) => found.has(conclusion)) ?? 'neutral'
}
