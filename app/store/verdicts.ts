import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { BlobRef } from '../../runner/domain/blob.ts'
import type { Conclusion, Totals } from '../../runner/domain/report.ts'
import { advance } from './advance.ts'
import { blobsIn, useBlobs } from './blob-uses.ts'
import type { Verdicts } from './database/evaluation-tables.ts'
import type { OutboxKind } from './database/github-tables.ts'
import { json } from './database/json.ts'
import type { Db } from './database/pool.ts'
import type { Trx, Within } from './queue.ts'

export type StoredVerdict = Readonly<Selectable<Verdicts>>
/** Something to be written on GitHub. `key` names it: it is asked for once, whoever asks again. */
export type Letter = { readonly kind: OutboxKind; readonly key: string; readonly payload: unknown; readonly evaluationId?: string }
export type Concluded = {
  readonly evaluation: string
  readonly revision: number
  readonly conclusion: Conclusion
  readonly report?: BlobRef
  readonly totals?: Totals
  /** `failed`: it ended before there was anything to run. */
  readonly state: 'done' | 'failed'
  readonly batches: readonly { readonly agent: string; readonly eval: string; readonly proposed?: true; readonly conclusion: Conclusion }[]
  readonly letters: readonly Letter[]
}

/** How evaluations ended: one verdict each, for ever. */
export const verdictsIn = (db: Db, queue: Within) => ({
  /** concluding -> done or failed: keeps the verdict and what is to be written about it, and has it published. False: it has ended already. */
  conclude: (concluded: Concluded): Promise<boolean> =>
    db.transaction().execute(async (trx) => {
      const { evaluation: id, state } = concluded
      if (!(await advance(trx, { id, from: ['concluding'], set: { state } }))) return false
      await keepVerdict(trx, concluded)
      await post(
        trx,
        concluded.letters.map((letter) => ({ evaluationId: id, ...letter })),
      )
      await queue.send(trx, 'publish', { evaluation: id }, { singletonKey: id })
      return true
    }),

  find: (evaluation: string): Promise<StoredVerdict | undefined> =>
    db.selectFrom('verdicts').selectAll().where('evaluationId', '=', evaluation).executeTakeFirst(),
})

async function keepVerdict(trx: Trx, { evaluation: evaluationId, revision, conclusion, report, totals, batches }: Concluded) {
  await trx
    .insertInto('verdicts')
    .values({
      evaluationId,
      revision,
      conclusion,
      reportBlob: report ? json(report) : null,
      totals: totals ? json(totals) : null,
    })
    .execute()
  await useBlobs(trx, evaluationId, blobsIn(report))
  for (const { agent, eval: title, proposed = false, conclusion } of batches)
    await trx
      .updateTable('batches')
      .set({ conclusion })
      .where('evaluationId', '=', evaluationId)
      .where('agent', '=', agent)
      .where('eval', '=', title)
      .where('proposed', '=', proposed)
      .execute()
}

/** Puts letters into the outbox; one whose key is there already is not put there again. */
export async function post(trx: Trx | Db, letters: readonly Letter[]): Promise<void> {
  if (letters.length === 0) return
  await trx
    .insertInto('outbox')
    .values(
      letters.map(({ payload, evaluationId, ...letter }) => ({
        ...letter,
        id: randomUUID(),
        evaluationId: evaluationId ?? null,
        payload: json(payload),
      })),
    )
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute()
}
