import type { BlobRef } from '../domain/blob.ts'
import type { Redactor } from '../lib/redact.ts'
import { readWork } from '../lib/work.ts'
import type { Blobs } from '../seams/records.ts'
import type { Image, Sandboxes } from '../seams/sandbox.ts'
import type { Baseline, Trees } from '../seams/trees.ts'
import type { Work } from './take.ts'

export const workspaceFolder = '/home/user/workspace'

/** The tree that an image brings, read once per image and machine. */
export const baselineOf = (
  image: Image,
  world: { readonly sandboxes: Sandboxes; readonly trees: Trees },
  signal: AbortSignal,
): Promise<Baseline> => world.trees.baseline(image.id, () => world.sandboxes.read(image, workspaceFolder, signal))

/** Nothing was changed. */
export const noWork: Work = {
  entries: [],
  async *read() {},
  [Symbol.asyncDispose]: async () => {},
}

/** A work that an earlier run stored. */
export async function storedWork(ref: BlobRef, blobs: Blobs): Promise<Work> {
  const entries = []
  for await (const { entry, content } of readWork(await blobs.get(ref))) {
    for await (const _ of content);
    entries.push(entry)
  }
  return {
    entries,
    async *read() {
      yield* await blobs.get(ref)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Whether a registered secret is in a path or a content, so that the work must not be stored. */
export async function holdsSecret(work: Work, redactor: Redactor): Promise<boolean> {
  if (redactor.isEmpty) return false
  for await (const { entry, content } of readWork(work.read())) {
    if (redactor.holds(Buffer.from(entry.path, 'latin1'))) return true
    const finder = redactor.finder()
    for await (const bytes of content) if (finder.push(bytes)) return true
  }
  return false
}
