import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Digest } from '../../../domain/blob.ts'
import { DigestSchema } from '../../../domain/result-schema.ts'
import { digestStream } from '../../../lib/digest.ts'
import { writeAtomically } from '../write.ts'
import { isFile, logOf, parsed, readSmall } from './read.ts'

const counted = z.number().int().min(1)

/** shard.json: whose part of what a folder's results are, and what results.jsonl was when they were all in. */
const ManifestSchema = z.strictObject({
  schema: z.literal('proctor/shard@1'),
  plan: DigestSchema,
  runId: counted,
  attempt: counted,
  shard: z.strictObject({ index: counted, of: counted }),
  results: z.strictObject({ digest: DigestSchema, bytes: z.number().int().min(0) }),
})
export type Manifest = z.output<typeof ManifestSchema>

/** `runId`, `attempt` = of the workflow run that has the shards as jobs. Index and number of shards count from 1. */
type Told = {
  readonly plan: Digest
  readonly runId: number
  readonly attempt: number
  readonly shard: { readonly index: number; readonly of: number }
}

/** Says in an output folder that its shard is done. Throws `records_unwritable`. */
export async function writeManifest(out: string, told: Told): Promise<void> {
  const manifest: Manifest = { schema: 'proctor/shard@1', ...told, results: await digestOfLog(out) }
  await writeAtomically(manifestOf(out), [`${JSON.stringify(manifest, null, 1)}\n`])
}

/** Throws `records_damaged`. */
export const readManifest = async (folder: string): Promise<Manifest> =>
  parsed(ManifestSchema, await readSmall(manifestOf(folder)), 'shard.json')

/** Of results.jsonl, as it is. One that is not there says as much as an empty one. Throws `records_damaged`. */
export const digestOfLog = async (folder: string): Promise<Manifest['results']> =>
  digestStream((await isFile(logOf(folder))) ? createReadStream(logOf(folder)) : ReadableStream.from([]))

const manifestOf = (folder: string) => join(folder, 'shard.json')
