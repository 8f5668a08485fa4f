import { ProctorError } from '../../../domain/error.ts'
import type { Plan, Run } from '../../../domain/plan.ts'
import type { Result } from '../../../domain/result.ts'
import { pool } from '../../../lib/pool.ts'
import { inShard } from '../../../lib/shard.ts'
import type { FolderBlobs } from '../blobs.ts'
import { firstAttempt } from '../records.ts'
import type { Line } from '../results-log.ts'
import { digestOfLog, type Manifest } from './manifest.ts'
import { blobsOf, otherLines } from './read.ts'

type Shard = { readonly folder: string; readonly manifest: Manifest; readonly plan: Plan; readonly blobs: FolderBlobs }

/** The results of a shard, once all of them are the plan's and this shard's, and their files are in our own store. Throws `records_damaged` or `shard_refused`. */
export async function shardResults({ folder, manifest, plan, blobs }: Shard): Promise<readonly Result[]> {
  await checkWhole(folder, manifest)
  const planned = new Map(plan.batches.flatMap(({ runs }) => runs.map((run) => [run.id, run] as const)))
  const isMine = inShard(manifest.shard, plan.shards)
  const results = new Map<string, Result>()
  for await (const read of otherLines(folder)) {
    if ('problem' in read) throw read.problem
    const run = plannedRun(read.line, planned)
    if (!isMine(run)) throw new ProctorError('shard_refused', `its result of ${read.line.run} belongs to another shard`)
    const { record, grade, reused } = read.line
    results.set(run.id, { run, record, grade, ...(reused && { reused }) })
  }
  const adopt = async ({ record }: Result) => {
    for (const ref of blobsOf(record)) await blobs.adopt(ref, folder)
  }
  await pool({ source: results.values(), work: adopt, ...many })
  return [...results.values()]
}

/** Each waits for the disk most of the time. Nobody ends it halfway. */
export const many = { width: 16, signal: new AbortController().signal } as const

async function checkWhole(folder: string, { results }: Manifest) {
  const found = await digestOfLog(folder)
  if (found.digest === results.digest) return
  const lost = results.bytes - found.bytes
  throw new ProctorError(
    'shard_refused',
    lost > 0 ? `${lost} of the ${results.bytes} bytes of its results are missing` : 'its results are not those that it wrote',
  )
}

/** The run of the plan that a line is about, as the attempt that it was. */
function plannedRun({ run: id, attempt, keys }: Line, planned: ReadonlyMap<string, Run>): Run {
  const run = planned.get(firstAttempt(id))
  if (!run) throw new ProctorError('shard_refused', `the plan has no run ${JSON.stringify(id)}`)
  if (id !== (attempt === 1 ? run.id : `${run.id}~${attempt}`))
    throw new ProctorError('shard_refused', `its result of ${id} says that it is attempt ${attempt}`)
  if (keys.run !== run.keys.run || keys.grade !== run.keys.grade)
    throw new ProctorError('shard_refused', `its result of ${id} has other keys than the plan`)
  return attempt === 1 ? run : { ...run, id, attempt }
}
