import { ProctorError } from '../../runner/domain/error.ts'
import type { Keys, Plan, Run } from '../../runner/domain/plan.ts'
import type { Result } from '../../runner/domain/result.ts'
import type { Records } from '../../runner/seams/records.ts'
import type { Db } from './database/pool.ts'
import type { Kept, resultsIn } from './results.ts'

type Results = Pick<ReturnType<typeof resultsIn>, 'insert' | 'of' | 'find'>
type Over = { readonly db: Db; readonly results: Results; readonly evaluation: string }

/** The results of one evaluation as the engine keeps them, for whoever executes a plan in the process that has the store. */
export function recordsOf({ db, results, evaluation }: Over): Records {
  let begun: Plan | undefined
  const expect = (plan: string): Plan => {
    if (begun?.id !== plan) throw new ProctorError('internal_error', `evaluation ${evaluation} holds no plan ${plan}`)
    return begun
  }
  return {
    async begin(plan) {
      await db.updateTable('evaluations').set({ planId: plan.id }).where('id', '=', evaluation).where('planId', 'is', null).execute()
      const row = await db.selectFrom('evaluations').select('planId').where('id', '=', evaluation).executeTakeFirst()
      if (row?.planId !== plan.id) throw new ProctorError('usage_invalid', `evaluation ${evaluation} holds the results of another plan`)
      begun = plan
    },
    async keep(plan, result) {
      expect(plan)
      await results.insert(evaluation, result)
    },
    results: async (plan) => joined(expect(plan), await results.of(evaluation)),
    find: (keys) => results.find(evaluation, keys),
  }
}

/** Puts runs of the plan to what was kept of them; what the plan does not know is left out. */
export function joined(plan: Plan, kept: readonly Kept[]): Result[] {
  const planned = new Map(plan.batches.flatMap(({ runs }) => runs.map((run) => [firstAttempt(run.id), run] as const)))
  return kept.flatMap(({ run: id, attempt, keys, ...document }) => {
    const run = planned.get(firstAttempt(id))
    return run ? [{ run: asAttempt(run, { id, attempt, keys }), ...document }] : []
  })
}

const firstAttempt = (id: string) => id.replace(/~\d+$/, '')
/** Same object for a first attempt, so that many results share the plan's memory. */
const asAttempt = (run: Run, { id, attempt, keys }: { id: string; attempt: number; keys: Keys }): Run =>
  run.id === id ? run : { ...run, id, attempt, keys }
