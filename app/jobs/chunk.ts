import { unpackPlan } from '../../runner/adapters/preset.ts'
import { ProctorError } from '../../runner/domain/error.ts'
import { execute } from '../../runner/evaluate.ts'
import type { World } from '../../runner/seams/world.ts'
import type { Brief, Claim } from '../desk/desk.ts'

type Executing = { readonly brief: Brief; readonly claim: Claim; readonly world: World; readonly width: number }

/** Runs what is due of one chunk: what an earlier try at it kept is not run again. */
export async function executeChunk({ brief, claim, world, width }: Executing, signal: AbortSignal): Promise<void> {
  if (!brief.plan || !claim.shard) throw new ProctorError('internal_error', 'a chunk without a plan')
  const plan = unpackPlan(await new Response(await world.blobs.get(brief.plan)).text())
  await world.records.begin(plan)
  const { index, of } = claim.shard
  await execute(plan, world, signal, { shard: { index: index + 1, of }, width })
  signal.throwIfAborted()
}
