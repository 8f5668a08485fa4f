import { sql } from 'kysely'
import type { Grade } from '../../runner/domain/grade.ts'
import type { Keys } from '../../runner/domain/plan.ts'
import type { RunRecord } from '../../runner/domain/record.ts'
import type { Origin, Result } from '../../runner/domain/result.ts'
import { isReusable } from '../../runner/lib/reusable.ts'
import { blobsIn, useBlobs } from './blob-uses.ts'
import type { Claim } from './claims.ts'
import type { KeptDocument } from './database/evaluation-tables.ts'
import { json } from './database/json.ts'
import type { Db } from './database/pool.ts'
import type { Trx, Within } from './queue.ts'

/** A result as it is kept: its run is in the plan. */
export type Kept = KeptDocument & { readonly run: string; readonly attempt: number; readonly keys: Keys }

/** Results of runs, append-only: of a run that comes twice the first stays. */
export const resultsIn = (db: Db, queue: Within) => ({
  /** Keeps a result for whoever holds this claim; from then on its run is never run again. False when the claim was lost. */
  keep: (claim: Claim, result: Result): Promise<boolean> =>
    db.transaction().execute(async (trx) => {
      if (!(await queue.touch(trx, claim.kind, claim))) return false
      await insert(trx, claim.evaluation, result)
      return true
    }),

  /** Keeps a result without a claim. */
  insert: (evaluation: string, result: Result): Promise<void> => db.transaction().execute((trx) => insert(trx, evaluation, result)),

  /** All that was kept, in the order in which it came. */
  async of(evaluation: string): Promise<Kept[]> {
    const rows = await db
      .selectFrom('results')
      .select(['runId', 'attempt', 'runKey', 'gradeKey', 'result'])
      .where('evaluationId', '=', evaluation)
      .orderBy('seq')
      .execute()
    return rows.map(({ runId, attempt, runKey, gradeKey, result }) => ({
      ...result,
      run: runId,
      attempt,
      keys: { run: runKey, grade: gradeKey },
    }))
  },

  /** How many runs of an evaluation have which verdict. */
  async counts(evaluation: string): Promise<{ readonly pass: number; readonly fail: number; readonly unscored: number }> {
    const rows = await db
      .selectFrom('results')
      .select(['verdict', (query) => query.fn.countAll<number>().as('runs')])
      .where('evaluationId', '=', evaluation)
      .groupBy('verdict')
      .execute()
    const of = (verdict: string) => rows.find((row) => row.verdict === verdict)?.runs ?? 0
    return { pass: of('pass'), fail: of('fail'), unscored: of('unscored') }
  },

  /** What this evaluation has already under these keys. */
  async find(evaluation: string, keys: Keys): Promise<{ readonly record?: RunRecord; readonly grade?: Grade }> {
    const rows = await db
      .selectFrom('results')
      .select(['gradeKey', 'verdict', 'result'])
      .where('evaluationId', '=', evaluation)
      .where('runKey', '=', keys.run)
      .where('reusable', '=', true)
      .orderBy('seq')
      .execute()
    const record = rows[0]?.result.record
    const grade = rows.find(({ gradeKey, verdict }) => gradeKey === keys.grade && verdict !== 'unscored')?.result.grade
    return { ...(record && { record }), ...(grade && { grade }) }
  },

  /** A scored result with both keys from this repository's default branch, the newest; never from a change that somebody proposes. */
  async earlier(
    repoId: number,
    keys: Keys,
  ): Promise<{ readonly record: RunRecord; readonly grade: Grade; readonly origin: Origin } | undefined> {
    const row = await db
      .selectFrom('results')
      .innerJoin('evaluations', 'evaluations.id', 'results.evaluationId')
      .select(['results.result', 'evaluations.planId', 'evaluations.headSha'])
      .where('results.runKey', '=', keys.run)
      .where('results.gradeKey', '=', keys.grade)
      .where('results.reusable', '=', true)
      .where('results.verdict', '!=', 'unscored')
      .where('evaluations.repoId', '=', repoId)
      .where('evaluations.defaultBranch', '=', true)
      .where('evaluations.trust', '=', 'trusted')
      .orderBy('results.seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (!row?.planId) return undefined
    const { record, grade, reused } = row.result
    return { record, grade, origin: reused ?? { plan: row.planId, commit: row.headSha } }
  },

  /** The newest results of a sample on the default branch, for a report that tells how it went before. */
  history: (repoId: number, { agent, eval: title, sample }: { agent: string; eval: string; sample: string }, limit = 20) =>
    db
      .selectFrom('results')
      .innerJoin('evaluations', 'evaluations.id', 'results.evaluationId')
      .select(['results.evaluationId', 'results.runId', 'results.verdict', 'results.keptAt', 'evaluations.headSha'])
      .where('results.agent', '=', agent)
      .where('results.eval', '=', title)
      .where('results.sampleId', '=', sample)
      .where('evaluations.repoId', '=', repoId)
      .where('evaluations.defaultBranch', '=', true)
      .orderBy('results.seq', 'desc')
      .limit(limit)
      .execute(),

  /** What a sample asks of an agent, as its newest run in this repository was told. Undefined: there is none any more. */
  async instruction(
    repoId: number,
    { agent, eval: title, sample }: { agent: string; eval: string; sample: string },
  ): Promise<string | undefined> {
    const row = await db
      .selectFrom('results')
      .innerJoin('evaluations', 'evaluations.id', 'results.evaluationId')
      .select('results.result')
      .where('results.agent', '=', agent)
      .where('results.eval', '=', title)
      .where('results.sampleId', '=', sample)
      .where('evaluations.repoId', '=', repoId)
      .orderBy('results.seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row?.result.record.turns[0]?.user
  },

  /** A run by its id, only in this repository: another organisation's ids say nothing here. Of several evaluations that have it the newest, those of `pull` first. */
  run: (repoId: number, runId: string, pull?: number) =>
    db
      .selectFrom('results')
      .innerJoin('evaluations', 'evaluations.id', 'results.evaluationId')
      .select([
        'results.evaluationId',
        'results.runId',
        'results.agent',
        'results.eval',
        'results.sampleId',
        'results.verdict',
        'results.side',
      ])
      .where('results.runId', '=', runId)
      .where('evaluations.repoId', '=', repoId)
      .$if(pull !== undefined, (query) => query.orderBy((is) => is('evaluations.pull', 'is not distinct from', pull ?? null), 'desc'))
      .orderBy('results.seq', 'desc')
      .limit(1)
      .executeTakeFirst(),
})

async function insert(trx: Trx, evaluationId: string, { run, ...document }: Result): Promise<void> {
  const { record, grade, reused } = document
  const kept = await trx
    .insertInto('results')
    .values({
      evaluationId,
      runId: run.id,
      agent: run.agent.slug,
      eval: run.eval,
      sampleId: run.sample.id,
      side: run.side,
      epoch: run.epoch,
      attempt: run.attempt,
      runKey: run.keys.run,
      gradeKey: run.keys.grade,
      verdict: grade.verdict,
      code: grade.code ?? null,
      reusable: isReusable(record.ended),
      reused: reused !== undefined,
      costUsd: reused ? 0 : record.usage.costUsd + grade.usage.costUsd,
      result: json(document),
    })
    .onConflict((conflict) => conflict.columns(['evaluationId', 'runId']).doNothing())
    .returning(sql<number>`1`.as('kept'))
    .executeTakeFirst()
  if (!kept) return
  await useBlobs(trx, evaluationId, blobsIn(document))
  if (grade.scores.length === 0) return
  const scores = new Map(grade.scores.map(({ evidence: _, ...score }) => [score.name, { ...score, evaluationId, runId: run.id }]))
  await trx
    .insertInto('scores')
    .values([...scores.values()])
    .execute()
}
