import type { Plan, Run } from '../domain/plan.ts'
import type { Result } from '../domain/result.ts'
import { pool } from '../lib/pool.ts'
import type { Shard } from '../lib/shard.ts'
import type { World } from '../seams/world.ts'
import { dueRuns } from './due-runs.ts'

/** `ahead`: also what of the base side is not due yet, for somebody who will have no earlier results to look at. */
type Which = { readonly shard?: Shard | undefined; readonly ahead?: boolean }

/** Keeps what an earlier plan has found out with the same keys, as this plan's own: it is neither run nor paid again. */
export async function takeOver(plan: Plan, world: Pick<World, 'records' | 'earlier'>, { shard, ahead = false }: Which = {}): Promise<void> {
  if (!world.earlier) return
  const { records } = world
  const asked = ahead ? allDue(plan) : { ...plan, budget: {} } // what was paid elsewhere is nothing spent
  const looked = new Set<string>()
  // What is found makes more due: the base side of what failed, and what waits for the same work.
  for (;;) {
    const done = await records.results(plan.id)
    const due = [...dueRuns(asked, done, { ...(shard && { shard }), before: done.length })].filter(({ id }) => !looked.has(id))
    if (due.length === 0) return
    for (const { id } of due) looked.add(id)
    const work = async (run: Run) => {
      const result = await earlierResult(run, world)
      if (result) await records.keep(plan.id, result)
    }
    await pool({ source: due, work, ...many })
  }
}

/** Results that are kept at once go to the disk at once. */
const many = { width: 64, signal: new AbortController().signal }

/** What an earlier plan has found out with the run's keys. */
export async function earlierResult(run: Run, { earlier }: Pick<World, 'earlier'>): Promise<Result | undefined> {
  const found = await earlier?.find(run.keys)
  return found && { run, record: found.record, grade: found.grade, reused: found.origin }
}

const allDue = (plan: Plan): Plan => ({
  ...plan,
  budget: {},
  batches: plan.batches.map(({ base, ...batch }) => ({ ...batch, ...(base && { base: { ...base, samples: 'all' as const } }) })),
})
