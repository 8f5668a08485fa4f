import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ProctorError } from '../../../domain/error.ts'
import type { Recorded } from './answer.ts'
import type { Asked, Question } from './question.ts'

/**
 * A folder of recorded answers: `<question>/request.json` is what was asked, and beside it lies one file an answer, `<run>.<n>.json`: the n-th
 * answer that this run got to it, from 0. Files appear whole, so many may record at once.
 */
export type Shelf = { readonly folder: string }
/** A file name, and what it says. */
export type Slot = { readonly file: string; readonly run: string; readonly n: number }

const requestFile = 'request.json'

/** In order of run and n. Empty when the question was never recorded. */
export async function slotsOf(shelf: Shelf, id: string): Promise<readonly Slot[]> {
  const files = await readdir(join(shelf.folder, id)).catch(absent([]))
  const slots = files.flatMap((file): Slot[] => {
    const [, run, n] = /^(.+)\.(\d+)\.json$/.exec(file) ?? []
    return run === undefined ? [] : [{ file, run, n: Number(n) }]
  })
  return slots.sort((a, b) => (a.run < b.run ? -1 : a.run > b.run ? 1 : a.n - b.n))
}

export const questionsOf = async (shelf: Shelf): Promise<readonly string[]> => (await readdir(shelf.folder).catch(absent([]))).sort()

/** Undefined when it is not there. Throws `records_damaged` when it is no JSON. */
export async function readAnswer(shelf: Shelf, id: string, { file }: Slot): Promise<Recorded> {
  return (await read(join(shelf.folder, id, file))) as Recorded // our own file
}
export async function readRequest(shelf: Shelf, id: string): Promise<Asked | undefined> {
  return (await read(join(shelf.folder, id, requestFile)).catch(absent(undefined))) as Asked | undefined // our own file
}

/** Returns the file's name. Throws `records_unwritable`. */
export async function writeAnswer(
  shelf: Shelf,
  { id, asked }: Question,
  n: number,
  answer: Recorded,
  redact: (text: string) => string,
): Promise<string> {
  const folder = join(shelf.folder, id)
  const file = `${answer.run}.${n}.json`
  try {
    await mkdir(folder, { recursive: true })
    await write(join(folder, requestFile), redact(shown(asked)))
    await write(join(folder, file), shown(answer))
    return file
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new ProctorError('records_unwritable', `${folder} cannot be written: ${error.message}`, { cause: error })
  }
}

/** Takes an answer away, and its question when that was the last one. */
export async function remove(shelf: Shelf, id: string, file: string): Promise<void> {
  const folder = join(shelf.folder, id)
  await rm(join(folder, file), { force: true })
  const left = await readdir(folder).catch(absent([]))
  if (left.some((name) => name !== requestFile)) return
  await rm(join(folder, requestFile), { force: true })
  // Another process may have put an answer there just now: then it stays.
  await rmdir(folder).catch(() => undefined)
}

const shown = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Two that write the same at once both write all of it. */
async function write(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await using file = await open(temporary, 'wx')
    await file.writeFile(text)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function read(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ProctorError('records_damaged', `${path} is no JSON: it was changed after it was recorded`, { cause })
  }
}

const absent =
  <T>(instead: T) =>
  (error: unknown): T => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return instead
    throw error
  }
