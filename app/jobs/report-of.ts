import { unpackPlan } from '../../runner/adapters/preset.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import type { Report } from '../../runner/domain/report.ts'
import type { Result } from '../../runner/domain/result.ts'
import { buildReport } from '../../runner/report/build-report.ts'
import type { Evaluation } from '../store/evaluations.ts'
import { joined } from '../store/records.ts'
import type { WebWorld } from '../web/world.ts'

export type Told = { readonly plan: Plan; readonly report: Report; readonly results: readonly Result[] }

/** What is known of an evaluation that has a plan, as a report. `live`: it is still going on. Undefined: it was never planned. */
export async function reportOf(
  evaluation: Evaluation,
  { store, blobs, version }: Pick<WebWorld, 'store' | 'blobs' | 'version'>,
  { live = false } = {},
): Promise<Told | undefined> {
  if (evaluation.planBlob === null) return undefined
  const plan = unpackPlan(await new Response(await blobs.get(evaluation.planBlob)).text())
  const results = joined(plan, await store.results.of(evaluation.id))
  return { plan, results, report: buildReport(plan, results, { version, now: new Date(), live }) }
}
