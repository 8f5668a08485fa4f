import { createHash } from 'node:crypto'
import type { BlobRef } from '../../runner/domain/blob.ts'
import type { Blobs } from '../../runner/seams/records.ts'

/** Blobs in memory. */
export function memoryBlobs(): Blobs & { bytes(ref: BlobRef): Buffer } {
  const held = new Map<string, Buffer>()
  const bytes = (ref: BlobRef) => {
    const found = held.get(ref.digest)
    if (!found) throw new Error(`no blob ${ref.digest}`)
    return found
  }
  return {
    bytes,
    async put(stream, name) {
      const chunks: Uint8Array[] = []
      for await (const chunk of stream) chunks.push(chunk)
      const content = Buffer.concat(chunks)
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}` as const
      held.set(digest, content)
      return { digest, bytes: content.length, name }
    },
    get: async (ref) => new Blob([new Uint8Array(bytes(ref))]).stream(),
  }
}
