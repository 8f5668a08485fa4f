import { unpackPlan } from '../../runner/adapters/preset.ts'
import type { BlobRef } from '../../runner/domain/blob.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import type { Report } from '../../runner/domain/report.ts'
import type { Result } from '../../runner/domain/result.ts'
import { buildReport } from '../../runner/report/build-report.ts'
import { peopleOn } from '../comments/on-samples.ts'
import type { Evaluation } from '../store/evaluations.ts'
import { joined } from '../store/records.ts'
import type { WebWorld } from '../web/world.ts'

/** `kept`: how many results were kept, of whichever attempt. */
export type Told = { readonly plan: Plan; readonly report: Report; readonly results: readonly Result[]; readonly kept: number }
type World = Pick<WebWorld, 'store' | 'blobs' | 'version'>

/** What is known of an evaluation that has a plan, as a report. `live`: it is still going on. Undefined: it was never planned. */
export async function reportOf(evaluation: Evaluation, world: World, { live = false } = {}): Promise<Told | undefined> {
  if (evaluation.planBlob === null) return undefined
  const { store, version } = world
  const plan = unpackPlan(await textOf(evaluation.planBlob, world))
  const kept = await store.results.of(evaluation.id)
  const results = joined(plan, kept)
  const report =
    (await concluded(evaluation, world)) ??
    buildReport(plan, results, { version, now: new Date(), live, people: await peopleOn(evaluation, world) })
  return { plan, results, report, kept: kept.length }
}

/** As it was when the verdict was given: what people say later changes later ones. */
async function concluded({ id, state }: Evaluation, world: World): Promise<Report | undefined> {
  const verdict = state === 'done' ? await world.store.verdicts.find(id) : undefined
  return verdict?.reportBlob ? (JSON.parse(await textOf(verdict.reportBlob, world)) as Report) : undefined // what we wrote
}

const textOf = async (ref: BlobRef, { blobs }: Pick<World, 'blobs'>) => new Response(await blobs.get(ref)).text()
