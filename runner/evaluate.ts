import { toError } from './domain/error.ts'
import type { Plan, Run } from './domain/plan.ts'
import type { Report } from './domain/report.ts'
import type { Result } from './domain/result.ts'
import { grade, unscored } from './grade/grade.ts'
import { pool } from './lib/pool.ts'
import type { Shard } from './lib/shard.ts'
import { dueRuns } from './plan/due-runs.ts'
import { followers } from './plan/followers.ts'
import { makePlan, type PlanRequest } from './plan/make-plan.ts'
import { earlierResult, takeOver } from './plan/take-over.ts'
import { buildReport } from './report/build-report.ts'
import { openRooms } from './run/rooms.ts'
import { broken, runAgent } from './run/run-agent.ts'
import type { World } from './seams/world.ts'

/** `attempts`: how often a run is tried when it is the machine's fault. */
type Pace = { readonly shard?: Shard; readonly width: number; readonly attempts?: number | undefined }

/** The whole story in one process: plan, execute, conclude. */
export async function evaluate(request: PlanRequest, world: World, signal: AbortSignal, pace: Pace): Promise<Report> {
  const plan = await makePlan(request, world, signal)
  await world.records.begin(plan)
  await execute(plan, world, signal, pace)
  return conclude(plan, world)
}

/** Runs what is still due until nothing is: first pass, resume, retries, more epochs and the base side are one loop. */
export async function execute(plan: Plan, world: World, signal: AbortSignal, { shard, width, attempts }: Pace): Promise<void> {
  await takeOver(plan, world, { shard })
  const done = await world.records.results(plan.id)
  const before = done.length
  world.gateway.begin(
    plan,
    done.filter(({ reused }) => !reused),
  )
  world.watch({ at: 'planned', plan, done: [...done] })
  const more = followers(plan, new Set(done.map(({ run }) => run.id)))
  const work = async (run: Run) => {
    // Which base runs are due shows only now.
    const known = run.side === 'base' ? await earlierResult(run, world) : undefined
    const result = known ?? (await examine(run, world, signal, more(run)))
    // What was cut short happened to nobody: it is due again, and a resumed batch runs it.
    if (signal.aborted && (result.record.ended.as === 'cancelled' || result.grade.verdict === 'unscored')) return
    await world.records.keep(plan.id, result)
    done.push(result)
    const { grade, record, reused } = result
    world.watch({ at: 'done', run, grade, durationMs: record.timing.durationMs, ...(reused && { reused }) })
  }
  while (
    !signal.aborted &&
    (await pool({ source: dueRuns(plan, done, { ...(shard && { shard }), before, attempts }), width, work, signal, lane })) > 0
  );
}

const lane = ({ agent }: Run) => ({ name: agent.slug, cap: agent.concurrencyCap })

/** One run, then its grade; `more` = how many of its kind will follow. The rooms decide which sandbox grading gets; neither side knows of the other. Never throws for what a run did. */
export async function examine(run: Run, world: World, signal: AbortSignal, more = 0): Promise<Result> {
  const known = await world.records.find(run.keys)
  await using rooms = openRooms(run, world, signal, more)
  const record = known.record ?? (await runAgent(run, rooms, world, signal).catch((thrown) => broken(run, toError(thrown), signal)))
  return {
    run,
    record,
    grade: known.grade ?? (await grade(run, record, rooms, world, signal).catch((thrown) => unscored(run, toError(thrown)))),
  }
}

/** Builds the report from what is stored, and shows it. */
export async function conclude(plan: Plan, world: World): Promise<Report> {
  const report = buildReport(plan, await world.records.results(plan.id), { version: world.version, now: new Date() })
  await world.publisher.publish(report)
  return report
}
