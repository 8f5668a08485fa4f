import type { Plan, Run } from '../domain/plan.ts'

/** `index` is 1-based. */
export type Shard = { readonly index: number; readonly of: number }

/** By sample, so that its epochs and its base side stay in one shard. */
export function inShard({ index, of }: Shard, balanced: Plan['shards']): (run: Run) => boolean {
  const known = balanced?.length === of ? balanced : []
  const shards = new Map(known.flatMap((samples, at) => samples.map((sample) => [sample, at] as const)))
  return ({ sample }) => of === 1 || (shards.get(sample.id) ?? spread(sample.id) % of) === index - 1
}

/** FNV-1a: any even spread will do, as long as every machine has the same. */
const spread = (text: string) =>
  [...text].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16_777_619) >>> 0, 2_166_136_261)
