import { openFolder } from '../../runner/adapters/folder/folder.ts'
import { mergeShards } from '../../runner/adapters/folder/others/merge-shards.ts'
import type { Plan, Run } from '../../runner/domain/plan.ts'
import type { Report } from '../../runner/domain/report.ts'
import type { Result } from '../../runner/domain/result.ts'
import type { Shard } from '../../runner/lib/shard.ts'
import { dueRuns } from '../../runner/plan/due-runs.ts'
import { buildReport } from '../../runner/report/build-report.ts'
import { fakeResult, type Story } from '../fakes/results.ts'
import { testVersion } from './output-folders.ts'

/** What happens to a run: the same on every machine. */
export type Tell = (run: Run) => Story

/** Does in an output folder what is due of a plan, or of a shard of it, without a sandbox. */
export async function work(out: string, plan: Plan, { tell, shard }: { readonly tell: Tell; readonly shard?: Shard }): Promise<void> {
  await using folder = await openFolder({ out, version: testVersion })
  await folder.records.begin(plan)
  const done: Result[] = []
  for (;;) {
    const before = done.length
    for (const run of dueRuns(plan, done, { ...(shard && { shard }) })) {
      const result = await fakeResult(run, folder.blobs, tell(run))
      await folder.records.keep(plan.id, result)
      done.push(result)
    }
    if (done.length === before) return
  }
}

/** The report of what an output folder holds, but for when it was made. */
export async function reportOf(out: string, plan: Plan): Promise<Omit<Report, 'generated_at'>> {
  await using folder = await openFolder({ out, version: testVersion })
  const { generated_at: _, ...report } = buildReport(plan, await folder.records.results(plan.id), { version: testVersion, now: new Date() })
  return report
}

/** Joins shards in a new output folder. */
export async function merge(
  out: string,
  { plan, folders, expected }: { plan: Plan; folders: ReadonlyMap<string, string>; expected: Parameters<typeof mergeShards>[3] },
): Promise<Awaited<ReturnType<typeof mergeShards>>> {
  await using folder = await openFolder({ out, version: testVersion })
  await folder.records.begin(plan)
  return await mergeShards(folder, plan, folders, expected)
}
