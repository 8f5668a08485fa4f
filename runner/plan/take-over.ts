import type { Plan } from '../domain/plan.ts'
import { inShard, type Shard } from '../lib/shard.ts'
import type { World } from '../seams/world.ts'

/** Keeps what an earlier plan has found out with the same keys, as this plan's own: it is neither run nor paid again. */
export async function takeOver(plan: Plan, { records, earlier }: Pick<World, 'records' | 'earlier'>, shard?: Shard): Promise<void> {
  if (!earlier) return
  const done = new Set((await records.results(plan.id)).map(({ run }) => run.id))
  const runs = plan.batches.flatMap((batch) => batch.runs).filter(shard ? inShard(shard, plan.shards) : () => true)
  for (const run of runs.filter(({ id }) => !done.has(id))) {
    const found = await earlier.find(run.keys)
    if (found) await records.keep(plan.id, { run, record: found.record, grade: found.grade, reused: found.origin })
  }
}
