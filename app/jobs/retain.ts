import type { Digest } from '../../runner/domain/blob.ts'
import type { WebWorld } from '../web/world.ts'

/** Days. */
const keep = { deliveries: 14, evaluations: 180, workers: 7 }
/** A blob is written before the row that names it. */
const youngMs = 24 * 3_600_000

export type BlobShelf = {
  /** Blobs that were written before that time. */
  olderThan(time: Date): AsyncIterable<Digest>
  remove(digest: Digest): Promise<void>
}

/** What is over for long goes, and what nobody names any more. What people said stays. */
export async function retain({ store, log }: Pick<WebWorld, 'store' | 'log'>, shelf: BlobShelf, { now = Date.now() } = {}): Promise<void> {
  for (let more = true; more; ) {
    const swept = await store.retention.sweep(keep, new Date(now))
    more = Object.values(swept).some((count) => count > 0)
    if (more) log.info(swept, 'swept')
  }
  let batch: Digest[] = []
  const drop = async () => {
    for (const digest of await store.retention.unused(batch)) await shelf.remove(digest)
    batch = []
  }
  for await (const digest of shelf.olderThan(new Date(now - youngMs))) if (batch.push(digest) >= 500) await drop()
  await drop()
}
