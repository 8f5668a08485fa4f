import { randomUUID } from 'node:crypto'
import type { Insertable, Selectable } from 'kysely'
import type { BlobRef, Digest, Place } from '../../runner/domain/blob.ts'
import type { Gate } from '../../runner/domain/plan.ts'
import { advance } from './advance.ts'
import { useBlobs } from './blob-uses.ts'
import type { Claim } from './claims.ts'
import type { Batches, Chunks, ErrorLine, Samples } from './database/evaluation-tables.ts'
import { json } from './database/json.ts'
import type { Db } from './database/pool.ts'
import type { Trx, Within } from './queue.ts'

export type Batch = Readonly<Selectable<Batches>>
export type Chunk = Readonly<Selectable<Chunks>>
type PlannedBatch = {
  readonly eval: string
  readonly agent: string
  readonly proposed: boolean
  readonly gate: Gate
  readonly samples: readonly { readonly id: string; readonly place?: Place }[]
}
/** `chunks` = how many shards the plan is executed in; 0: there is nothing to run. */
export type Planned = {
  readonly id: Digest
  readonly blob: BlobRef
  readonly batches: readonly PlannedBatch[]
  readonly chunks: number
  /** Every blob that the plan names (`blobsIn(plan)`): they stay as long as the evaluation does. */
  readonly uses?: readonly Digest[]
}
type LostJob = { readonly evaluation: string; readonly index?: number; readonly error: ErrorLine }

/** A claim that does not hold any more: nothing of the transaction may stay. */
class Lost extends Error {}

/** What workers make of an evaluation: a plan, then its chunks. Each step ends its job in the same transaction, or does nothing at all. */
export const chunksIn = (db: Db, queue: Within) => ({
  /** planning -> running: keeps the plan and asks for its chunks. False when the claim was lost. */
  planned: (claim: Claim, plan: Planned): Promise<boolean> => unlessLost(db, (trx) => planned({ trx, queue }, claim, plan)),

  /** planning -> concluding: there is no plan, for these reasons. False when the claim was lost. */
  refused: (claim: Claim, errors: readonly ErrorLine[]): Promise<boolean> =>
    unlessLost(db, async (trx) => {
      if (!(await advance(trx, { id: claim.evaluation, from: ['planning'], set: { state: 'concluding', errors: json(errors) } })))
        throw new Lost()
      await complete({ trx, queue }, claim)
      await sendConclude({ trx, queue }, claim.evaluation)
    }),

  /** Ends a chunk; the last one has the evaluation concluded. False when the claim was lost. */
  finish: (claim: Claim): Promise<boolean> =>
    unlessLost(db, async (trx) => {
      if (!(await isRunning(trx, claim.evaluation))) throw new Lost()
      await complete({ trx, queue }, claim)
      await endChunk({ trx, queue }, { evaluation: claim.evaluation, index: claim.shard?.index ?? 0, state: 'done' })
    }),

  /** A plan or a chunk was tried as often as it may be: the evaluation goes on without it. False when it has gone on already. */
  lost: ({ evaluation, index, error }: LostJob): Promise<boolean> =>
    db.transaction().execute(async (trx) => {
      if (index === undefined) {
        const set = { state: 'concluding', errors: json([error]) } as const
        if (!(await advance(trx, { id: evaluation, from: ['planning'], set }))) return false
        await sendConclude({ trx, queue }, evaluation)
        return true
      }
      if (!(await isRunning(trx, evaluation))) return false
      return endChunk({ trx, queue }, { evaluation, index, state: 'lost', note: error.message })
    }),

  batches: (evaluation: string): Promise<Batch[]> =>
    db
      .selectFrom('batches')
      .selectAll()
      .where('evaluationId', '=', evaluation)
      .orderBy('agent')
      .orderBy('eval')
      .orderBy('proposed')
      .execute(),

  of: (evaluation: string): Promise<Chunk[]> =>
    db.selectFrom('chunks').selectAll().where('evaluationId', '=', evaluation).orderBy('index').execute(),
})

async function unlessLost(db: Db, step: (trx: Trx) => Promise<void>): Promise<boolean> {
  try {
    await db.transaction().execute(step)
    return true
  } catch (error) {
    if (error instanceof Lost) return false
    throw error
  }
}

async function complete({ trx, queue }: { trx: Trx; queue: Within }, claim: Claim) {
  if (!(await queue.complete(trx, claim.kind, claim))) throw new Lost()
}

export const sendConclude = ({ trx, queue }: { trx: Trx; queue: Within }, evaluation: string) =>
  queue.send(trx, 'conclude', { evaluation }, { singletonKey: evaluation })

async function planned(
  { trx, queue }: { trx: Trx; queue: Within },
  claim: Claim,
  { id: planId, blob, batches, chunks, uses = [] }: Planned,
) {
  const { evaluation: id } = claim
  const set = { planId, planBlob: json(blob), startedAt: new Date(), state: chunks > 0 ? 'running' : 'concluding' } as const
  if (!(await advance(trx, { id, from: ['planning'], set }))) throw new Lost()
  await complete({ trx, queue }, claim)
  await keepBatches(trx, id, batches)
  await useBlobs(trx, id, [...new Set([blob.digest, ...uses])])
  if (chunks > 0) await askForChunks({ trx, queue }, claim, chunks)
  else await sendConclude({ trx, queue }, id)
}

async function keepBatches(trx: Trx, evaluationId: string, batches: readonly PlannedBatch[]) {
  for (const { samples, gate, ...batch } of batches) {
    await trx
      .insertInto('batches')
      .values({ ...batch, evaluationId, samples: samples.length, gate: json(gate) })
      .execute()
    const rows = samples.map(({ id, place }): Insertable<Samples> => {
      const { agent, eval: title } = batch
      return { evaluationId, agent, eval: title, sampleId: id, place: place ? json(place) : null }
    })
    // What a change proposes may have the samples that are there already.
    for (const part of inParts(rows))
      await trx
        .insertInto('samples')
        .values(part)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
  }
}

async function askForChunks({ trx, queue }: { trx: Trx; queue: Within }, { evaluation, organisation }: Claim, of: number) {
  const { priority } = await trx.selectFrom('evaluations').select('priority').where('id', '=', evaluation).executeTakeFirstOrThrow()
  const rows = Array.from({ length: of }, (_, index) => ({ evaluationId: evaluation, index, jobId: randomUUID() }))
  for (const part of inParts(rows)) await trx.insertInto('chunks').values(part).execute()
  await queue.sendMany(
    trx,
    'chunk',
    rows.map(({ index, jobId }) => ({ id: jobId, priority, group: { id: organisation }, data: { evaluation, index, of } })),
  )
}

/** A statement has room for 65,535 parameters. */
function* inParts<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += 1000) yield rows.slice(at, at + 1000)
}

/** Holds it fast until the transaction ends: of two chunks that end at once, one is the last. */
const isRunning = async (trx: Trx, id: string) =>
  (await trx
    .selectFrom('evaluations')
    .select('id')
    .where('id', '=', id)
    .where('state', '=', 'running')
    .forNoKeyUpdate()
    .executeTakeFirst()) !== undefined

type EndOfChunk = { readonly evaluation: string; readonly index: number; readonly state: 'done' | 'lost'; readonly note?: string }

async function endChunk({ trx, queue }: { trx: Trx; queue: Within }, { evaluation, index, state, note }: EndOfChunk): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('chunks')
    .set({ state, note: note ?? null })
    .where('evaluationId', '=', evaluation)
    .where('index', '=', index)
    .where('state', '=', 'due')
    .executeTakeFirst()
  const due = await trx
    .selectFrom('chunks')
    .select('index')
    .where('evaluationId', '=', evaluation)
    .where('state', '=', 'due')
    .limit(1)
    .execute()
  if (due.length === 0 && (await advance(trx, { id: evaluation, from: ['running'], set: { state: 'concluding' } })))
    await sendConclude({ trx, queue }, evaluation)
  return numUpdatedRows === 1n
}
