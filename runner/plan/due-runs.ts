import { type Code, codes, explain } from '../domain/error.ts'
import type { Batch, Budget, Plan, Run } from '../domain/plan.ts'
import type { Result } from '../domain/result.ts'
import { inShard, type Shard } from '../lib/shard.ts'

const wholePlan: Shard = { index: 1, of: 1 }
/** Of one run, from one start: the first, and two more when it was the machine's fault. */
const usualAttempts = 3

/** `before`: how many of the results are of earlier starts. Whoever resumes has seen to the cause, so what is unscored among them is tried anew. */
type Asked = { readonly shard?: Shard; readonly before?: number; readonly attempts?: number | undefined }

/**
 * What is still due: first pass, resume, retries of infrastructure errors, more epochs and the base side of what failed. Pulled one
 * by one whenever a worker is free, so `done` may grow meanwhile, and a spent budget ends it at once.
 */
export function* dueRuns(
  plan: Plan,
  done: readonly Result[],
  { shard = wholePlan, before = 0, attempts: most = usualAttempts }: Asked = {},
): Generator<Run> {
  const results = new Map(done.map((result, at) => [result.run.id, { ...result, isEarlier: at < before }]))
  const isMine = inShard(shard, plan.shards)
  const of = (isProposed: boolean) => plan.batches.filter(({ proposed = false }) => proposed === isProposed)
  const left = (batches: readonly Batch[]) =>
    batches.flatMap((batch) => expand(batch, results, most)).filter((run) => isMine(run) && !results.has(run.id))
  const deciding = left(of(false))
  // What is the same work as what decides waits for it, and is paid once.
  const awaited = new Set(deciding.map(({ keys }) => keys.grade))
  for (const run of [...deciding, ...left(of(true)).filter(({ keys }) => !awaited.has(keys.grade))]) {
    if (isSpent(plan.budget, done)) return
    yield run
  }
}

type Tried = Result & { readonly isEarlier: boolean }
type Results = ReadonlyMap<string, Tried>

/** The base side runs for samples that failed on head, or for all when the batch says so. */
function expand({ runs, base: asked }: Batch, results: Results, most: number): Run[] {
  const head = runs.filter(({ side }) => side === 'head')
  const failed = new Set(head.filter((run) => latest(run, results, most)?.grade.verdict === 'fail').map(({ sample }) => sample.id))
  const base = runs.filter(({ side, sample }) => side === 'base' && (asked?.samples === 'all' || failed.has(sample.id)))
  return [...head, ...base].flatMap((run) => attempts(run, results, most))
}

/** An infrastructure error is retried under a new id; its first record stays. */
function attempts(run: Run, results: Results, most: number, tries = 1): Run[] {
  const result = results.get(run.id)
  if (result === undefined || result.grade.verdict !== 'unscored') return [run]
  if (!result.isEarlier && (!isRetried(result) || tries >= most)) return [run]
  const attempt = run.attempt + 1
  return [run, ...attempts({ ...run, attempt, id: `${run.id.split('~')[0]}~${attempt}` }, results, most, result.isEarlier ? 1 : tries + 1)]
}

const latest = (run: Run, results: Results, most: number) =>
  attempts(run, results, most)
    .map(({ id }) => results.get(id))
    .findLast((result) => result !== undefined)

function isRetried({ record, grade }: Result): boolean {
  const code = grade.code ?? (record.ended.as === 'error' ? record.ended.code : undefined)
  return code !== undefined && isCode(code) && explain(code).retry
}
const isCode = (code: string): code is Code => Object.hasOwn(codes, code)

/** Sums are made only where there is a limit: `done` may be long. */
function isSpent({ costUsd, wallMs }: Budget, done: readonly Result[]): boolean {
  if (costUsd === undefined && wallMs === undefined) return false
  const paid = done.filter(({ reused }) => !reused)
  const sum = (of: (result: Result) => number) => paid.reduce((total, result) => total + of(result), 0)
  const records = ({ run, record }: Result) => (record.run === run.id ? record : undefined) // else it is that of the same work done before
  const grades = ({ run, grade }: Result) => (grade.run === run.id ? grade : undefined)
  const cost = (result: Result) => (records(result)?.usage.costUsd ?? 0) + (grades(result)?.usage.costUsd ?? 0)
  if (costUsd !== undefined && sum(cost) >= costUsd) return true
  return wallMs !== undefined && sum((result) => records(result)?.timing.durationMs ?? 0) >= wallMs
}
