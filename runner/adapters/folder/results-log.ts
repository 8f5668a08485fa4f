import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { ProctorError } from '../../domain/error.ts'
import type { Grade } from '../../domain/grade.ts'
import type { Keys } from '../../domain/plan.ts'
import type { RunRecord } from '../../domain/record.ts'
import type { Origin } from '../../domain/result.ts'
import { isSystemError, writeAll, writing } from './write.ts'

/** One line of results.jsonl. The run itself is in plan.json. */
export type Line = {
  readonly run: string
  readonly attempt: number
  readonly keys: Keys
  readonly record: RunRecord
  readonly grade: Grade
  readonly reused?: Origin
}

/** Complete lines, in order. What follows the last line end is the torn line of a crash: `size` leaves it out. */
export async function readLog(path: string): Promise<{ readonly lines: Line[]; readonly size: number }> {
  const lines: Line[] = []
  let size = 0
  try {
    for await (const { bytes, at, whole } of rawLines(path)) {
      if (!whole) break
      lines.push(parsed(bytes.toString(), path, lines.length + 1))
      size = at + bytes.length + 1
    }
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw error
  }
  return { lines, size }
}

/** `at` = where the line begins. `whole`: its end is there too. */
type RawLine = { readonly bytes: Buffer; readonly at: number; readonly whole: boolean }

/** The lines of a file, without their ends; what follows the last end is one that is not whole. */
export async function* rawLines(path: string): AsyncGenerator<RawLine> {
  let at = 0
  let rest: Buffer[] = []
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const bytes = Buffer.concat([...rest, chunk.subarray(from, end)])
      rest = []
      yield { bytes, at, whole: true }
      at += bytes.length + 1
      from = end + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
  if (rest.length > 0) yield { bytes: Buffer.concat(rest), at, whole: false }
}

/** A writer that has every line on the disk when `append` returns, and cuts off again what it could not write whole. */
export async function openLog(path: string, size: number): Promise<{ append(line: Line): Promise<void> } & AsyncDisposable> {
  const file = await writing(path, async () => {
    const file = await open(path, 'a')
    // A device has no length to cut.
    if ((await file.stat()).isFile()) await file.truncate(size)
    return file
  })
  let end = size
  let waiting: Buffer[] = []
  let last: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  const writeWaiting = async () => {
    const bytes = Buffer.concat(waiting)
    waiting = []
    next = undefined
    await writing(path, () => writeWhole(file, bytes, end))
    end += bytes.length
  }
  return {
    append(line) {
      waiting.push(Buffer.from(`${JSON.stringify(line)}\n`))
      // What comes while the disk is busy goes there together.
      next ??= last.then(writeWaiting)
      last = next.catch(() => {})
      return next
    },
    async [Symbol.asyncDispose]() {
      await last
      await file.close()
    },
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array, end: number) {
  try {
    await writeAll(file, bytes)
    await file.datasync()
  } catch (error) {
    await file.truncate(end).catch(() => {})
    throw error
  }
}

function parsed(text: string, path: string, number: number): Line {
  try {
    // Our own file; a line is written whole or not at all.
    return JSON.parse(text) as Line
  } catch (cause) {
    throw new ProctorError('records_damaged', `line ${number} of ${path} is not JSON`, { cause })
  }
}
