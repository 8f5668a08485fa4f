import { ProctorError, toError } from '../../../domain/error.ts'
import type { Plan } from '../../../domain/plan.ts'
import { pool } from '../../../lib/pool.ts'
import type { Records } from '../../../seams/records.ts'
import type { FolderBlobs } from '../blobs.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { many, shardResults } from './shard-results.ts'

type Store = { readonly records: Records; readonly blobs: FolderBlobs }
/** `runId`, `attempt` = of the workflow run that joins its shards; `of` = how many there are. */
type Expected = { readonly runId: number; readonly attempt: number; readonly of: number }
/** `missing` = indexes, from 1, of the shards that nothing was kept of. `problems` = what was refused, and why. */
type Merged = { readonly missing: readonly number[]; readonly problems: readonly ProctorError[] }
/** `name` = what people know the folder by. */
type Candidate = { readonly name: string; readonly folder: string; readonly manifest: Manifest }

/**
 * Keeps the results of shards, each in an output folder under its name, as the plan's own. A shard is taken whole or not at all: its
 * manifest, its results and their files are checked before the first is kept. Throws only what the store itself throws.
 */
export async function mergeShards(
  { records, blobs }: Store,
  plan: Plan,
  folders: ReadonlyMap<string, string>,
  expected: Expected,
): Promise<Merged> {
  const problems: ProctorError[] = []
  const refuse = (name: string, why: string) => problems.push(new ProctorError('shard_refused', `${name} is not used: ${why}`))
  const orRefused = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      const { code, message } = toError(error)
      if (code === 'records_unwritable') throw error
      refuse(name, message)
      return undefined
    }
  }

  const candidates: Candidate[] = []
  for (const [name, folder] of folders) {
    const manifest = await orRefused(name, () => readManifest(folder))
    const why = manifest && mismatch(manifest, plan, expected)
    if (why !== undefined) refuse(name, why)
    else if (manifest) candidates.push({ name, folder, manifest })
  }

  const kept = new Set<number>()
  for (const { name, folder, manifest } of newest(candidates, refuse)) {
    const results = await orRefused(name, () => shardResults({ folder, manifest, plan, blobs }))
    if (!results) continue
    await pool({ source: results, work: (result) => records.keep(plan.id, result), ...many })
    kept.add(manifest.shard.index)
  }
  const indexes = Array.from({ length: expected.of }, (_, at) => at + 1)
  return { missing: indexes.filter((index) => !kept.has(index)), problems }
}

function mismatch({ plan, runId, attempt, shard: { index, of } }: Manifest, { id }: Plan, expected: Expected): string | undefined {
  if (plan !== id) return `it belongs to the plan ${plan}, and this one is ${id}`
  if (runId !== expected.runId) return `it comes from the workflow run ${runId}, and this one is ${expected.runId}`
  if (attempt > expected.attempt) return `it comes from attempt ${attempt}, and this one is attempt ${expected.attempt}`
  if (of !== expected.of || index > of) return `it is shard ${index} of ${of}, and there are ${expected.of}`
  return undefined
}

/**
 * Of each shard the one of the latest attempt: when failed jobs are run again, the others' results stay. Two of one attempt that say
 * different things are both refused, for nobody knows which is right.
 */
function newest(candidates: readonly Candidate[], refuse: (name: string, why: string) => void): readonly Candidate[] {
  return [...Map.groupBy(candidates, ({ manifest }) => manifest.shard.index)].flatMap(([index, all]) => {
    const attempt = Math.max(...all.map(({ manifest }) => manifest.attempt))
    const [first, ...others] = all.filter(({ manifest }) => manifest.attempt === attempt)
    if (!first || others.length === 0) return first ?? []
    const same = others.every(({ manifest }) => manifest.results.digest === first.manifest.results.digest)
    for (const { name } of same ? others : [first, ...others])
      refuse(name, `shard ${index} came twice${same ? '' : ', and not with the same results'}`)
    return same ? first : []
  })
}
