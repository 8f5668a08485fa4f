import { lstat, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { BlobRef, Digest } from '../../../domain/blob.ts'
import { ProctorError } from '../../../domain/error.ts'
import type { RunRecord } from '../../../domain/record.ts'
import { DigestSchema, GradeSchema, KeysSchema, OriginSchema, RunRecordSchema } from '../../../domain/result-schema.ts'
import { planSchema } from '../pack.ts'
import { type Line, rawLines } from '../results-log.ts'
import { isSystemError } from '../write.ts'

/** Output folders that another machine filled: nothing in them is taken for what it says it is, and no link in them is followed. */
const planOf = (folder: string) => join(folder, 'plan.json')
export const logOf = (folder: string) => join(folder, 'results.jsonl')

/** What a plan says of its runs, by the ids of their first attempts. */
export type Outline = { readonly plan: Digest; readonly runs: ReadonlyMap<string, RunOutline> }
type RunOutline = { readonly commit: string; readonly sample: string }

const OutlineSchema = z.object({
  schema: z.literal(planSchema),
  id: DigestSchema,
  batches: z.array(z.object({ commit: z.string(), runs: z.array(z.object({ id: z.string(), sample: z.object({ id: z.string() }) })) })),
})

/** Throws `records_damaged`. */
export async function readOutline(folder: string): Promise<Outline> {
  const { id, batches } = parsed(OutlineSchema, await readSmall(planOf(folder)), 'plan.json')
  const runs = batches.flatMap(({ commit, runs }) => runs.map((run) => [run.id, { commit, sample: run.sample.id }] as const))
  return { plan: id, runs: new Map(runs) }
}

/** All of a file that fits into memory. Throws `records_damaged`. */
export async function readSmall(path: string): Promise<string> {
  await isFile(path)
  return readFile(path, 'utf8').catch((cause) => {
    throw new ProctorError('records_damaged', `${path} cannot be read`, { cause })
  })
}

/** JSON of this shape, or `records_damaged` with what is wrong first. */
export function parsed<S extends z.ZodType>(schema: S, text: string, name: string): z.output<S> {
  const json = jsonOf(text)
  if (json === undefined) throw new ProctorError('records_damaged', `${name} is not JSON`)
  const { data, error } = schema.safeParse(json)
  if (data !== undefined) return data
  const [issue] = error?.issues ?? []
  throw new ProctorError('records_damaged', `${name} is not as it is written: ${issue?.path.join('.')}: ${issue?.message}`)
}

const LineSchema = z.strictObject({
  run: z.string().max(255),
  attempt: z.number().int().min(1),
  keys: KeysSchema,
  record: RunRecordSchema,
  grade: GradeSchema,
  reused: OriginSchema.exactOptional(),
}) satisfies z.ZodType<Line>

/** A line of results.jsonl with where it is, or what is wrong with it. */
type Read = { readonly at: number; readonly bytes: number } & ({ readonly line: Line } | { readonly problem: ProctorError })

/** Every line, whole or not. A log that is not there has none. Throws `records_damaged` when it cannot be read. */
export async function* otherLines(folder: string): AsyncGenerator<Read> {
  const path = logOf(folder)
  if (!(await isFile(path))) return
  let number = 0
  for await (const { bytes, at, whole } of rawLines(path)) {
    const name = `line ${++number} of results.jsonl`
    yield {
      at,
      bytes: bytes.length,
      ...(whole ? lineOf(bytes, name) : { problem: new ProctorError('records_damaged', `${name} is torn`) }),
    }
  }
}

/** The line that was found there before. Throws `records_damaged`. */
export async function readLineAt(folder: string, { at, bytes }: { readonly at: number; readonly bytes: number }): Promise<Line> {
  await using file = await open(logOf(folder), 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at)
  const read = lineOf(buffer.subarray(0, bytesRead), 'a line of results.jsonl')
  if ('problem' in read) throw read.problem
  return read.line
}

/** All that a record names. */
export const blobsOf = (record: RunRecord): readonly BlobRef[] => [
  record.steps,
  ...record.turns.flatMap(({ diff }) => (diff ? [diff.text] : [])),
  ...record.outputs,
  ...[record.ledger, record.work, record.calls].filter((ref) => ref !== undefined),
]

function lineOf(bytes: Buffer, name: string): { readonly line: Line } | { readonly problem: ProctorError } {
  try {
    const line = parsed(LineSchema, bytes.toString(), name)
    if (line.record.key === line.keys.run && line.grade.key === line.keys.grade) return { line }
    return { problem: new ProctorError('records_damaged', `${name} has other keys than its record and grade`) }
  } catch (error) {
    return {
      problem: error instanceof ProctorError ? error : new ProctorError('records_damaged', `${name} cannot be read`, { cause: error }),
    }
  }
}

/** Whether it is there. Throws `records_damaged` for a link or a pipe in its place. */
export async function isFile(path: string): Promise<boolean> {
  const found = await lstat(path).catch((error) => {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined
    throw new ProctorError('records_damaged', `${path} cannot be read`, { cause: error })
  })
  if (found && !found.isFile()) throw new ProctorError('records_damaged', `${path} is no file`)
  return found !== undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
