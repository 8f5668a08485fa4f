import { randomUUID } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import type { BlobRef } from '../../runner/domain/blob.ts'
import { advance, endAll, ends } from './advance.ts'
import { blobsIn, useBlobs } from './blob-uses.ts'
import type { ErrorLine, EvaluationKind, Evaluations, Request } from './database/evaluation-tables.ts'
import { json } from './database/json.ts'
import type { Db } from './database/pool.ts'
import { orderOf } from './order.ts'
import type { Trx, Within } from './queue.ts'

export type Evaluation = Readonly<Selectable<Evaluations>>
export type NewEvaluation = {
  readonly repoId: number
  readonly installationId: number
  /** Login of the account, in lower case. */
  readonly organisation: string
  readonly kind: EvaluationKind
  readonly headSha: string
  readonly defaultBranch: boolean
  readonly trust: 'trusted' | 'fork'
  /** `waiting`: somebody must approve it first. `concluding`: there is nothing to plan, for the reasons in `errors`. */
  readonly state: 'waiting' | 'queued' | 'concluding'
  readonly errors?: readonly ErrorLine[]
  readonly request: Request
  /** Higher goes first, among those of one organisation. */
  readonly priority: number
  /** What asks for the same work has the same; a second one is not made. */
  readonly dedupe: string
  /** Of those with the same key only the latest is worth its work, such as `pull:12`. */
  readonly supersedes?: string
  /** When the thing happened that it is about: deliveries come in any order. Default: now. */
  readonly happenedAt?: Date
  readonly ref?: string
  readonly pull?: number
  readonly pullAuthor?: string
  readonly tag?: string
  readonly baseSha?: string
  readonly headRepoId?: number
  readonly deliveryId?: string
  readonly note?: string
  /** Somebody looked at exactly this commit before: it need not wait again. */
  readonly approvedBy?: string
  readonly approvedWithCredentials?: boolean
}
export type Approval = { readonly id: string; readonly sha: string; readonly by: string; readonly withCredentials: boolean }
/**
 * `made` false: the same work was asked for before, and this is that. `superseded` were cancelled for it. `tied`: of another commit, and of
 * the same second: whoever asked must find out which is the newer.
 */
export type Created = {
  readonly evaluation: Evaluation
  readonly made: boolean
  readonly superseded: readonly string[]
  readonly tied: readonly Evaluation[]
}

/**
 * What a trigger asked for, from its trigger to its verdict. Every step is one guarded update that says whether it happened; a state
 * that is an end is never left.
 */
export const evaluationsIn = (db: Db, queue: Within) => ({
  /** Makes an evaluation, has its trees fetched, and cancels what it supersedes, jobs included. One that comes later than a newer one is born cancelled. */
  create: (asked: NewEvaluation): Promise<Created> => db.transaction().execute((trx) => create({ trx, queue }, asked)),

  find: (id: string): Promise<Evaluation | undefined> => db.selectFrom('evaluations').selectAll().where('id', '=', id).executeTakeFirst(),

  /** Of one commit, the newest first. */
  ofCommit: (repoId: number, headSha: string): Promise<Evaluation[]> => newest(db, repoId).where('headSha', '=', headSha).execute(),

  /** With one key, such as `pull:12`, the newest first. */
  withKey: (repoId: number, supersedes: string): Promise<Evaluation[]> => newest(db, repoId).where('supersedes', '=', supersedes).execute(),

  /** waiting -> queued, for exactly the commit that was looked at. */
  approve: ({ id, sha, by, withCredentials }: Approval): Promise<boolean> =>
    db.transaction().execute(async (trx) => {
      const set = { state: 'queued', approvedBy: by, approvedWithCredentials: withCredentials, askedAt: new Date() } as const
      if (!(await advance(trx, { id, sha, from: ['waiting'], set }))) return false
      const { priority } = await trx.selectFrom('evaluations').select('priority').where('id', '=', id).executeTakeFirstOrThrow()
      await sendFetch({ trx, queue }, { id, priority })
      await queue.send(trx, 'publish', { evaluation: id }, { singletonKey: id })
      return true
    }),

  /** queued -> planning: the trees are there, and a worker may plan. */
  fetched: ({ id, head, base }: { id: string; head: BlobRef; base?: BlobRef }): Promise<boolean> =>
    db.transaction().execute(async (trx) => {
      const trees = { headTree: json(head), baseTree: base ? json(base) : null }
      const planJob = randomUUID()
      if (!(await advance(trx, { id, from: ['queued'], set: { state: 'planning', planJob, ...trees } }))) return false
      await useBlobs(trx, id, blobsIn([head, base]))
      await sendPlan({ trx, queue }, id, planJob)
      return true
    }),

  /** Ends it with its jobs, and has it shown. False when it had ended already. */
  cancel: (id: string, note: string): Promise<boolean> => endOne({ db, queue }, { id, state: 'cancelled', note }),

  /** Ends it without a verdict, for nothing can be told of it any more. */
  giveUp: (id: string, note: string): Promise<boolean> => endOne({ db, queue }, { id, state: 'failed', note }),

  /** All that have not ended: what waits for somebody last, the oldest first. */
  live: (): Promise<Evaluation[]> =>
    db.selectFrom('evaluations').selectAll().where('state', 'not in', ends).orderBy(sql`state = 'waiting'`).orderBy('createdAt').execute(),
})

async function create({ trx, queue }: { trx: Trx; queue: Within }, asked: NewEvaluation): Promise<Created> {
  const { repoId, supersedes, headSha, happenedAt = new Date() } = asked
  // Two that come at once would not see each other.
  if (supersedes) await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${repoId} ${supersedes}`}, 0))`.execute(trx)
  const evaluation = await trx
    .insertInto('evaluations')
    .values({ ...asked, id: randomUUID(), request: json(asked.request), errors: asked.errors ? json(asked.errors) : null, happenedAt })
    .onConflict((conflict) => conflict.columns(['repoId', 'dedupe']).doNothing())
    .returningAll()
    .executeTakeFirst()
  if (!evaluation) {
    const known = await alike(trx, asked)
    return { evaluation: known, made: false, superseded: [], tied: orderOf(known, await othersOf(trx, known)).tied }
  }
  if (evaluation.state === 'queued') await sendFetch({ trx, queue }, evaluation)
  if (evaluation.state === 'concluding') await queue.send(trx, 'conclude', { evaluation: evaluation.id }, { singletonKey: evaluation.id })
  else await queue.send(trx, 'publish', { evaluation: evaluation.id }, { singletonKey: evaluation.id })
  const { later, older, tied } = orderOf({ ...asked, happenedAt }, await othersOf(trx, evaluation))
  if (later) {
    await endAll({ trx, queue }, { ids: [evaluation.id], state: 'cancelled', note: `superseded by ${later.headSha}` })
    const ended = await trx.selectFrom('evaluations').selectAll().where('id', '=', evaluation.id).executeTakeFirstOrThrow()
    return { evaluation: ended, made: true, superseded: [], tied: [] }
  }
  const ids = older.map(({ id }) => id)
  const superseded = await endAll({ trx, queue }, { ids, state: 'cancelled', note: `superseded by ${headSha}` })
  return { evaluation, made: true, superseded, tied }
}

/** The others with its key. */
const othersOf = async (trx: Trx, { id, repoId, supersedes }: Evaluation): Promise<Evaluation[]> =>
  supersedes === null ? [] : await newest(trx, repoId).where('supersedes', '=', supersedes).where('id', '!=', id).execute()

const alike = (trx: Trx, { repoId, dedupe }: NewEvaluation) =>
  trx.selectFrom('evaluations').selectAll().where('repoId', '=', repoId).where('dedupe', '=', dedupe).executeTakeFirstOrThrow()

const newest = (db: Db, repoId: number) =>
  db.selectFrom('evaluations').selectAll().where('repoId', '=', repoId).orderBy('createdAt', 'desc').orderBy('id').limit(100)

/** Has an evaluation's trees fetched. */
export async function sendFetch({ trx, queue }: { trx: Trx; queue: Within }, { id, priority }: Pick<Evaluation, 'id' | 'priority'>) {
  await queue.send(trx, 'fetch', { evaluation: id }, { singletonKey: id, priority })
}

/** Puts the job of a plan into the queue. */
export async function sendPlan({ trx, queue }: { trx: Trx; queue: Within }, id: string, planJob: string): Promise<void> {
  const { organisation, priority } = await trx
    .selectFrom('evaluations')
    .select(['organisation', 'priority'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  await queue.send(trx, 'plan', { evaluation: id }, { id: planJob, priority, group: { id: organisation } })
}

type End = { readonly id: string; readonly state: 'cancelled' | 'failed'; readonly note: string }

const endOne = ({ db, queue }: { db: Db; queue: Within }, { id, ...end }: End) =>
  db.transaction().execute(async (trx) => (await endAll({ trx, queue }, { ids: [id], ...end })).length === 1)
