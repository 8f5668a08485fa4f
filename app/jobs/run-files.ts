import type { BlobRef } from '../../runner/domain/blob.ts'
import type { Result } from '../../runner/domain/result.ts'
import type { ReadText } from '../../runner/report/github/read.ts'
import { runFiles } from '../../runner/report/run-files.ts'
import type { Blobs } from '../../runner/seams/records.ts'

/** Files that a report names, read from where they are kept; nothing is ever laid out in a folder. What is gone is told as not there. */
export function filesOfRuns(results: readonly Result[], blobs: Pick<Blobs, 'get'>): ReadText {
  const diffs = new Map<string, BlobRef>()
  for (const { run, record } of results) {
    const { diff } = runFiles(run.id, record)
    if (diff) diffs.set(diff.path, diff.text)
  }
  return async (path, bytes) => {
    const ref = diffs.get(path)
    if (!ref) return undefined
    try {
      return { text: await beginning(await blobs.get(ref), bytes), cut: ref.bytes > bytes }
    } catch {
      return undefined
    }
  }
}

async function beginning(stream: ReadableStream<Uint8Array>, bytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk.subarray(0, bytes - size))
    size += chunk.length
    if (size >= bytes) break
  }
  return Buffer.concat(chunks).toString()
}
