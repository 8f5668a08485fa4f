import type { Keys, Plan } from '../../runner/domain/plan.ts'
import type { Result } from '../../runner/domain/result.ts'
import type { Earlier } from '../../runner/seams/earlier.ts'
import type { Records } from '../../runner/seams/records.ts'

const nameOf = ({ run, grade }: Keys) => `${run} ${grade}`

/** Results in memory. */
export function memoryRecords(): Records {
  const kept = new Map<string, Map<string, Result>>()
  const of = (plan: string) => kept.get(plan) ?? new Map<string, Result>()
  return {
    begin: async ({ id }) => void kept.set(id, of(id)),
    keep: async (plan, result) => void kept.set(plan, of(plan).set(result.run.id, result)),
    results: async (plan) => [...of(plan).values()],
    find: async (keys) => {
      const all = [...kept.values()].flatMap((results) => [...results.values()])
      const record = all.find((result) => result.record.key === keys.run)?.record
      const grade = record && all.find((result) => result.grade.key === keys.grade && result.grade.verdict !== 'unscored')?.grade
      return { ...(record && { record }), ...(grade && { grade }) }
    },
  }
}

/** What a plan has found out, for a later one; `asked` says what it was asked for. */
export function earlierOf(plan: Plan, results: readonly Result[]): Earlier & { readonly asked: string[] } {
  const known = new Map(results.filter(({ grade }) => grade.verdict !== 'unscored').map((result) => [nameOf(result.run.keys), result]))
  const commit = plan.batches[0]?.commit ?? ''
  const asked: string[] = []
  return {
    asked,
    async find(keys) {
      asked.push(nameOf(keys))
      const found = known.get(nameOf(keys))
      return found && { record: found.record, grade: found.grade, origin: { plan: plan.id, commit } }
    },
  }
}
