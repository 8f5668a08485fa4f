import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ExportLine } from '../../app/comments/export.ts'
import { ProctorError } from '../../runner/domain/error.ts'
import { readArgs, type Usage } from '../args.ts'
import { csvLine, noFormula } from '../csv.ts'

const formats = ['jsonl', 'csv'] as const
const columns = [
  'id',
  'user',
  'expected',
  'repository',
  'eval',
  'agent',
  'sample',
  'run',
  'rating',
  'body',
  'author',
  'trusted',
  'url',
  'created_at',
  'artifacts',
] as const satisfies readonly (keyof ExportLine)[]

const usage: Usage = {
  usage: 'proctor feedback export [options]',
  about: `What people said of runs on GitHub, and the files that they expected: one line each on stdout, oldest first. The database is that of the
server: DATABASE_URL, or the embedded one in PROCTOR_DATA, which has one owner: stop \`proctor serve\` first.

id, user and expected are what a dataset calls so, and ids are not repeated: an eval can take the CSV as its dataset. Columns:
${columns.join(', ')}. expected is the newest expected file, if it is text of at most 100,000 bytes; artifacts
lists all of them. In CSV a body that a spreadsheet would take for a formula begins with '.`,
  positionals: { min: 1, max: 1 },
  options: [
    { name: 'format', value: 'NAME', help: 'jsonl (default) or csv' },
    { name: 'repository', value: 'OWNER/NAME', help: 'Only of this repository' },
    { name: 'all', help: 'Also what people without write access said, and replies that are about no run' },
  ],
  examples: ['proctor feedback export --repository acme/agents --format csv > evals/corrections.csv'],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const [action = ''] = args.positionals
  if (action !== 'export') throw new ProctorError('usage_invalid', `feedback: found "${action}"; accepted: export`)
  const format = args.text('format') ?? 'jsonl'
  if (!formats.some((known) => known === format))
    throw new ProctorError('usage_invalid', `--format: found "${format}"; accepted: ${formats.join(', ')}`)
  const [{ readSettings }, { openStore }, { exportLines }, { folderBlobs }] = await Promise.all([
    import('../../app/settings.ts'),
    import('../../app/store/open.ts'),
    import('../../app/comments/export.ts'),
    import('../../runner/adapters/preset.ts'),
  ])
  const { data: folder, databaseUrl } = readSettings(process.env)
  if (databaseUrl === undefined) await isThere(folder)
  await using store = await openStore({ folder, ...(databaseUrl !== undefined && { databaseUrl }) })
  const repository = args.text('repository')
  const lines = exportLines({ all: args.on('all'), ...(repository !== undefined && { repository }) }, { store, blobs: folderBlobs(folder) })
  await print(format === 'csv' ? asCsv(lines) : asJson(lines))
  return 0
}

/** Nobody is given an empty database where they meant to read one. */
async function isThere(folder: string): Promise<void> {
  await access(join(folder, 'database')).catch(() => {
    throw new ProctorError(
      'usage_invalid',
      `feedback: ${folder} holds no database; DATABASE_URL or PROCTOR_DATA says where the server's is`,
    )
  })
}

async function* asJson(lines: AsyncIterable<ExportLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(Object.fromEntries(columns.map((column) => [column, line[column]])))}\n`
}

async function* asCsv(lines: AsyncIterable<ExportLine>): AsyncGenerator<string> {
  yield csvLine(columns)
  for await (const line of lines)
    yield csvLine(
      columns.map((column) =>
        column === 'artifacts' ? JSON.stringify(line.artifacts) : column === 'body' ? noFormula(line.body) : String(line[column]),
      ),
    )
}

/** Whoever reads may leave early, as `head` does. */
async function print(text: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(text), process.stdout, { end: false })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE'))) throw error
  }
}
