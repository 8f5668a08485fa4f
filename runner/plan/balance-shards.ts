import type { Batch } from '../domain/plan.ts'

/** `of` shards; `durations` = ms that a run of a sample took before, where that is known. */
export type Shards = { readonly of: number; durations(sample: string): number | undefined }

/**
 * Ids of samples by shard, so that all end at about the same time: the longest first, each to the shard that has least to do. A sample that
 * nobody knows takes as long as the mean of the others. The same plan and durations give the same shards on every machine.
 */
export function balanceShards(batches: readonly Batch[], { of, durations }: Shards): readonly (readonly string[])[] {
  const counts = new Map<string, number>()
  for (const { side, sample } of batches.flatMap(({ runs }) => runs))
    if (side === 'head') counts.set(sample.id, (counts.get(sample.id) ?? 0) + 1)
  const known = [...counts.keys()].flatMap((id) => durations(id) ?? [])
  const usual = known.length === 0 ? 1 : known.reduce((sum, ms) => sum + ms, 0) / known.length
  const samples = [...counts].map(([id, count]) => ({ id, ms: count * (durations(id) ?? usual) }))
  const shards = Array.from({ length: of }, () => ({ ids: [] as string[], ms: 0 }))
  for (const { id, ms } of samples.sort((a, b) => b.ms - a.ms || (a.id < b.id ? -1 : 1))) {
    const least = shards.reduce((a, b) => (isLess(b, a) ? b : a))
    least.ids.push(id)
    least.ms += ms
  }
  return shards.map(({ ids }) => ids)
}

type Load = { readonly ids: readonly string[]; readonly ms: number }
const isLess = (one: Load, other: Load) => one.ms < other.ms || (one.ms === other.ms && one.ids.length < other.ids.length)
