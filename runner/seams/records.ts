import type { BlobRef, Digest } from '../domain/blob.ts'
import type { Grade } from '../domain/grade.ts'
import type { Keys, Plan } from '../domain/plan.ts'
import type { RunRecord } from '../domain/record.ts'
import type { Result } from '../domain/result.ts'

/** Results, append-only. `keep` is the commit point: what it returned from is never run again. */
export interface Records {
  begin(plan: Plan): Promise<void>
  keep(plan: Digest, result: Result): Promise<void>
  results(plan: Digest): Promise<Result[]>
  find(keys: Keys): Promise<{ readonly record?: RunRecord; readonly grade?: Grade }>
}
/** Bytes by content. `get` throws when they are not there or do not hash to their name. */
export interface Blobs {
  put(bytes: AsyncIterable<Uint8Array>, name: string): Promise<BlobRef>
  get(ref: BlobRef): Promise<ReadableStream<Uint8Array>>
}
