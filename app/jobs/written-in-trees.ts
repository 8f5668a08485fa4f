import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Blobs } from '../../runner/seams/records.ts'
import type { Evaluation } from '../store/evaluations.ts'

/**
 * Those of some names that stand anywhere in what decides about grants: the base's files, or the head's where nothing is compared, or the
 * organisation's configuration. A worker makes the plan; these were fetched by web, so what nobody wrote there no plan can ask for.
 */
export async function writtenInTrees(
  names: readonly string[],
  { baseTree, headTree, request }: Pick<Evaluation, 'baseTree' | 'headTree' | 'request'>,
  blobs: Pick<Blobs, 'get'>,
): Promise<ReadonlySet<string>> {
  const found = new Set(names.filter((name) => request.config?.includes(name)))
  const tree = baseTree ?? headTree
  const longest = Math.max(0, ...names.map((name) => Buffer.byteLength(name)))
  if (!tree || longest === 0) return found
  let rest = Buffer.alloc(0)
  await pipeline(Readable.fromWeb((await blobs.get(tree)) as never), createGunzip(), async (files: AsyncIterable<Buffer>) => {
    for await (const chunk of files) {
      const text = Buffer.concat([rest, chunk])
      for (const name of names) if (!found.has(name) && text.includes(name)) found.add(name)
      if (found.size === names.length) return
      // A name may lie across two chunks.
      rest = text.subarray(-longest)
    }
  })
  return found
}
