import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../../domain/blob.ts'
import { ProctorError } from '../../domain/error.ts'
import type { Keys, Plan, Run } from '../../domain/plan.ts'
import type { Result } from '../../domain/result.ts'
import { isReusable } from '../../lib/reusable.ts'
import type { Records } from '../../seams/records.ts'
import type { FolderBlobs } from './blobs.ts'
import { packPlan, unpackPlan } from './pack.ts'
import { type Line, openLog, readLog } from './results-log.ts'
import { layRunFiles } from './run-files.ts'
import { isSystemError, writeAtomically, writing } from './write.ts'

export type FolderRecords = Records &
  AsyncDisposable & {
    /** The plan whose results the folder holds. Throws `usage_invalid` when there is none. */
    storedPlan(): Promise<Plan>
  }
type Begun = { readonly plan: Plan; readonly results: Map<string, Result>; readonly log?: Awaited<ReturnType<typeof openLog>> }

/**
 * plan.json + results.jsonl: a result is kept when its line is on the disk. `overwrite` lets `begin` replace another plan's results.
 * The caller holds the folder's lock.
 */
export function folderRecords({ folder, blobs, overwrite }: { folder: string; blobs: FolderBlobs; overwrite: boolean }): FolderRecords {
  const planPath = join(folder, 'plan.json')
  const logPath = join(folder, 'results.jsonl')
  let begun: Begun | undefined

  return {
    async begin(plan) {
      const stored = await readPlan(planPath)
      if (stored && stored.id !== plan.id && !overwrite) throw anotherPlan(folder)
      if (stored && stored.id !== plan.id)
        await writing(folder, () => Promise.all(derived.map((name) => rm(join(folder, name), { recursive: true, force: true }))))
      if (stored?.id !== plan.id) await writeAtomically(planPath, packPlan(plan))
      await begun?.log?.[Symbol.asyncDispose]()
      const { lines, size } = await readLog(logPath)
      begun = { plan, results: joined(plan, lines), log: await openLog(logPath, size) }
    },

    async keep(plan, result) {
      const { log, results } = await opened(plan)
      if (!log) throw new ProctorError('internal_error', 'a result came before its plan had begun')
      const { run, record, grade, reused } = result
      await layRunFiles({ folder, id: run.id, record, blobs })
      await log.append({ run: run.id, attempt: run.attempt, keys: run.keys, record, grade, ...(reused && { reused }) })
      results.set(run.id, result)
    },

    results: async (plan) => [...(await opened(plan)).results.values()],

    async find(keys) {
      const all = begun ? [...begun.results.values()] : []
      const record = all.find(({ record }) => record.key === keys.run && isReusable(record.ended))?.record
      const grade = record && all.find(({ grade }) => grade.key === keys.grade && grade.verdict !== 'unscored')?.grade
      return { ...(record && { record }), ...(grade && { grade }) }
    },

    async storedPlan() {
      const plan = begun?.plan ?? (await readPlan(planPath))
      if (!plan) throw new ProctorError('usage_invalid', `${folder} holds no plan: name the output folder of an earlier \`proctor run\``)
      return plan
    },

    async [Symbol.asyncDispose]() {
      await begun?.log?.[Symbol.asyncDispose]()
      begun = undefined
    },
  }

  /** Reading needs no `begin`: that is how a report is made of a folder later. */
  async function opened(id: Digest): Promise<Begun> {
    if (!begun) {
      const plan = await readPlan(planPath)
      if (plan?.id === id) begun = { plan, results: joined(plan, (await readLog(logPath)).lines) }
    }
    if (begun?.plan.id !== id) throw new ProctorError('internal_error', `${folder} holds no plan ${id}`)
    return begun
  }
}

/** What goes when another plan takes the folder over. Blobs stay: content is content. */
const derived = ['plan.json', 'results.jsonl', 'shard.json', 'runs', 'badges', 'report.json', 'report.html', 'summary.md', 'junit.xml']

async function readPlan(path: string): Promise<Plan | undefined> {
  try {
    return unpackPlan(await readFile(path, 'utf8'))
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** By run id; of a run that was kept twice the later line counts. Lines of runs that the plan does not know are left out. */
function joined(plan: Plan, lines: readonly Line[]): Map<string, Result> {
  const planned = new Map(plan.batches.flatMap(({ runs }) => runs.map((run) => [firstAttempt(run.id), run] as const)))
  const results = new Map<string, Result>()
  for (const { run: id, attempt, keys, record, grade, reused } of lines) {
    const run = planned.get(firstAttempt(id))
    if (run) results.set(id, { run: asAttempt(run, { id, attempt, keys }), record, grade, ...(reused && { reused }) })
  }
  return results
}

/** Attempts of a run share the beginning of their ids. */
export const firstAttempt = (id: string) => id.replace(/~\d+$/, '')
/** Same object for a first attempt, so that many results share the plan's memory. */
const asAttempt = (run: Run, { id, attempt, keys }: { id: string; attempt: number; keys: Keys }): Run =>
  run.id === id ? run : { ...run, id, attempt, keys }

const anotherPlan = (folder: string) =>
  new ProctorError(
    'usage_invalid',
    `${folder} holds the results of another plan. Go on with that one by --resume ${folder}, or name another folder with --out`,
  )
