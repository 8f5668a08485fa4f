import type { Digest } from '../../runner/domain/blob.ts'
import type { Db } from './database/pool.ts'
import type { Trx } from './queue.ts'

/** Every blob that a document names, wherever in it. */
export function blobsIn(document: unknown): Digest[] {
  const found = new Set<Digest>()
  // Parts of a plan are shared by its runs.
  const seen = new Set<object>()
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if ('digest' in value && 'bytes' in value && isDigest(value.digest)) found.add(value.digest)
    for (const part of Object.values(value)) visit(part)
  }
  visit(document)
  return [...found]
}

const isDigest = (value: unknown): value is Digest => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value)

/** Bytes that an evaluation names stay as long as it does. */
export async function useBlobs(trx: Trx | Db, evaluationId: string, digests: readonly Digest[]): Promise<void> {
  for (let at = 0; at < digests.length; at += 1000)
    await trx
      .insertInto('blobUses')
      .values(digests.slice(at, at + 1000).map((digest) => ({ evaluationId, digest })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
}
