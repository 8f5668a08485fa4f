import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { ProctorError } from '../../domain/error.ts'
import { didYouMean } from '../../lib/nearest.ts'

/** Limits of a dataset: bytes of the file, bytes of one row, rows. */
const most = { bytes: 64 * 1024 * 1024, row: 1024 * 1024, rows: 100_000, problems: 50 } as const
/** `cells` by column title. `line` is where the row begins, 1-based: a quoted cell may span lines. */
export type Row = { readonly line: number; readonly cells: ReadonlyMap<string, string> }
export type Dataset = { readonly columns: readonly string[]; readonly rows: readonly Row[]; readonly problems: readonly ProctorError[] }

/** Reads a CSV (RFC 4180; UTF-8 with or without mark; any line ends) as it streams by. Blank rows are skipped. What is wrong is in `problems`, each with its line. */
export async function parseDataset(path: string, file: string): Promise<Dataset> {
  const { parse } = await import('csv-parse')
  const size = await sizeOf(path)
  if (typeof size !== 'number') return broken(problem(file, 1, `cannot be read (${size.error})`))
  if (size > most.bytes) return broken(problem(file, 1, `found ${size} bytes; accepted: at most ${most.bytes}`))
  const reader = new RowReader(file)
  // Taken as they are parsed: what the stream still holds when an error comes is lost, and with it the count of lines.
  const on_record = (record: readonly string[]) => {
    if (!reader.take(record)) throw new Enough()
    return null
  }
  const parser = parse({
    bom: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: most.row,
    on_record,
  })
  try {
    await pipeline(createReadStream(path), decoded, parser.resume())
  } catch (thrown) {
    if (!(thrown instanceof Enough)) reader.fail(thrown)
  }
  return reader.end()
}

const problem = (file: string, line: number, message: string) => new ProctorError('dataset_invalid', message, { place: { file, line } })
const broken = (only: ProctorError): Dataset => ({ columns: [], rows: [], problems: [only] })

class NotUtf8 extends Error {}
class Enough extends Error {}

async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const strict = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      throw new NotUtf8()
    }
  }
  for await (const chunk of chunks) yield strict(chunk)
  yield strict()
}

class RowReader {
  readonly #file: string
  readonly #rows: Row[] = []
  readonly #problems: ProctorError[] = []
  #columns: readonly string[] = []
  #line = 1

  constructor(file: string) {
    this.#file = file
  }

  /** False when enough is wrong. */
  take(record: readonly string[]): boolean {
    const line = this.#line
    // The parser's own count is off by one for every CRLF inside quotes.
    this.#line += 1 + record.reduce((sum, cell) => sum + breaks(cell), 0)
    if (record.every((cell) => cell.trim() === '')) return true
    if (this.#columns.length === 0) this.#header(record, line)
    else this.#row(record, line)
    return this.#problems.length < most.problems && this.#rows.length <= most.rows
  }

  fail(thrown: unknown): void {
    const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : ''
    const known =
      thrown instanceof NotUtf8 ? 'found bytes that are not UTF-8; accepted: UTF-8 text. Save the file as UTF-8' : parseErrors[code]
    if (known === undefined && !(thrown instanceof Error)) throw thrown
    this.#problem(this.#line, known ?? `cannot be read (${thrown instanceof Error ? thrown.message : code})`)
  }

  end(): Dataset {
    if (this.#problems.length === 0) {
      if (this.#columns.length === 0) this.#problem(1, 'found nothing; accepted: a first line with column titles, and rows')
      else if (this.#rows.length === 0) this.#problem(1, 'found column titles, but no row')
      else if (this.#rows.length > most.rows) this.#problem(this.#line, `found more than ${most.rows} rows; accepted: at most ${most.rows}`)
    }
    return { columns: this.#columns, rows: this.#rows, problems: this.#problems }
  }

  #header(record: readonly string[], line: number): void {
    this.#columns = record.map((title) => title.trim())
    this.#columns.forEach((title, index) => {
      if (title === '') this.#problem(line, `column ${index + 1} has no title`)
      else if (this.#columns.indexOf(title) < index)
        this.#problem(line, `columns ${this.#columns.indexOf(title) + 1} and ${index + 1} are both titled \`${title}\``)
    })
  }

  #row(record: readonly string[], line: number): void {
    if (record.length !== this.#columns.length) {
      const hint = record.length > this.#columns.length ? '. A cell with a comma needs quotes' : ''
      this.#problem(line, `found ${record.length} cells; accepted: ${this.#columns.length}, as many as there are columns${hint}`)
      return
    }
    if (record.some((cell) => cell.includes('\0'))) this.#problem(line, 'found a NUL character; accepted: text')
    else this.#rows.push({ line, cells: new Map(record.map((cell, index) => [this.#columns[index] ?? '', cell])) })
  }

  #problem(line: number, message: string): void {
    this.#problems.push(problem(this.#file, line, message))
  }
}

const parseErrors: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'found a quote that is never closed, in the row that begins here',
  CSV_INVALID_CLOSING_QUOTE:
    'found text behind a closing quote, in the row that begins here; accepted: a quote inside quotes is written twice',
  INVALID_OPENING_QUOTE:
    'found a quote in the middle of a cell, in the row that begins here; accepted: a cell with quotes is quoted as a whole, and its quotes are written twice',
  CSV_MAX_RECORD_SIZE: `found a row of more than ${most.row} bytes; accepted: at most ${most.row}`,
}

const breaks = (cell: string) => cell.match(/\r\n|\n|\r/g)?.length ?? 0

async function sizeOf(path: string): Promise<number | { error: string }> {
  try {
    const found = await stat(path)
    return found.isFile() ? found.size : { error: 'not a file' }
  } catch (thrown) {
    return { error: thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown) }
  }
}

/** Titles that other tools use for what is called `user` here. */
const synonyms = new Set([
  'user_instruction',
  'instruction',
  'instructions',
  'prompt',
  'input',
  'question',
  'query',
  'task',
  'message',
  'text',
  'user_prompt',
  'problem',
])

/** The problem of a dataset without a `user` column. */
export function missingUser(columns: readonly string[], file: string): ProctorError {
  const meant =
    columns.find((title) => synonyms.has(title.toLowerCase())) ?? columns.find((title) => didYouMean(title, ['user']).includes('mean'))
  const hint = meant === undefined ? `found: ${columns.join(', ')}` : `found \`${meant}\`; did you mean \`user\`?`
  return problem(file, 1, `the column \`user\` is missing; ${hint}`)
}
