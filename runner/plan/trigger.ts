import { basename } from 'node:path'
import type { BlobRef } from '../domain/blob.ts'
import type { Trigger } from '../domain/plan.ts'
import { digest } from '../lib/digest.ts'
import type { World } from '../seams/world.ts'
import type { Pull } from './pull/read-pull.ts'
import type { Package } from './read/read-package.ts'

/** As `Trigger`, with the commits' names alone. */
export type AskedTrigger = Omit<Trigger, 'head' | 'base'> & { readonly head: string; readonly base?: string }
type Given = { readonly found: Package; readonly pull: Pull | undefined; readonly commit: string; readonly world: Pick<World, 'blobs'> }

export async function triggerOf(asked: AskedTrigger | undefined, { found, pull, commit, world }: Given): Promise<Trigger> {
  const head = { sha: commit, files: await filesRead(pull?.proposes ?? found, world) }
  if (!asked) return { kind: 'local', repo: basename(found.root), head }
  const { base, ...rest } = asked
  return { ...rest, head, ...(base !== undefined && { base: { sha: base, files: await filesRead(pull?.base ?? found, world) } }) }
}

/** Trees are not kept in blobs: what stands for one is a list of the files that were read, with what they say. */
function filesRead({ agents, evals, scenarios, config }: Package, { blobs }: Pick<World, 'blobs'>): Promise<BlobRef> {
  const read = [...agents, ...evals, ...scenarios, ...(config ? [config] : [])].map(({ file, written }) => ({
    file,
    digest: digest(written),
  }))
  return blobs.put(ReadableStream.from([Buffer.from(`${JSON.stringify(read, null, 1)}\n`)]), 'files.json')
}
