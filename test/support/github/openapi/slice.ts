import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { root } from '../../cli.ts'
import { closed, forAjv, type Schema } from './schemas.ts'

/** One operation of GitHub's REST API, cut out of its OpenAPI description. */
export type Operation = {
  readonly method: string
  /** As the description has it: /repos/{owner}/{repo}/check-runs */
  readonly path: string
  readonly query: Readonly<Record<string, Schema>>
  readonly required: readonly string[]
  /** By media type; no bodies are taken without. */
  readonly body: { readonly required: boolean; readonly schemas: Readonly<Record<string, Schema>> } | undefined
  /** By status; null = an answer without JSON. */
  readonly answers: Readonly<Record<string, Schema | null>>
}
/** An operation whose schemas are read when it is asked for. */
export type Listed = { readonly method: string; readonly path: string; readonly file: string }

type Parameter = { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: Schema }
type Content = Readonly<Record<string, { readonly schema?: Schema }>>
type Described = {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
type Description = { readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>> }

const require = createRequire(import.meta.url)
const description = require.resolve('@octokit/openapi/generated/api.github.com.deref.json')

/**
 * The description of api.github.com, one small file an operation. It is 73 MB as published: it is cut once for each version of it and of
 * these sources, into .cache/.
 */
export async function openSlice() {
  const folder = join(root, '.cache', 'openapi', await key())
  if (!existsSync(folder)) await cut(folder)
  const list: readonly Listed[] = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
  return { list, read: ({ file }: Listed): Operation => JSON.parse(readFileSync(join(folder, file), 'utf8')) }
}

/** The package's own version and size stand for its 73 MB. */
async function key(): Promise<string> {
  const parts = [join(description, '..', '..', 'package.json'), import.meta.filename, join(import.meta.dirname, 'schemas.ts')]
  const hash = createHash('sha256')
  for (const part of parts) hash.update(await readFile(part))
  return hash.digest('hex').slice(0, 16)
}

/** Whole or not at all: several test files may begin at once. */
async function cut(folder: string): Promise<void> {
  const { paths }: Description = JSON.parse(await text(createReadStream(description)))
  const made = `${folder}.${randomUUID()}`
  await mkdir(made, { recursive: true })
  const list: Listed[] = []
  for (const [path, methods] of Object.entries(paths))
    for (const [method, described] of Object.entries(methods)) {
      const file = `${list.length}.json`
      list.push({ method: method.toUpperCase(), path, file })
      await writeFile(join(made, file), JSON.stringify(operationOf(path, method, described)))
    }
  await writeFile(join(made, 'index.json'), JSON.stringify(list))
  await rename(made, folder).catch(() => rm(made, { recursive: true }))
}

function operationOf(path: string, method: string, { parameters = [], requestBody, responses }: Described): Operation {
  const query = parameters.filter((parameter) => parameter.in === 'query')
  const json = (content: Content | undefined) => Object.entries(content ?? {}).find(([type]) => type.startsWith('application/json'))?.[1]
  return {
    method: method.toUpperCase(),
    path,
    query: Object.fromEntries(query.map(({ name, schema }) => [name, forAjv(schema)])),
    required: query.filter(({ required }) => required).map(({ name }) => name),
    body: requestBody && {
      required: requestBody.required ?? false,
      schemas: Object.fromEntries(Object.entries(requestBody.content).map(([type, { schema = {} }]) => [type, closed(forAjv(schema))])),
    },
    answers: Object.fromEntries(
      Object.entries(responses).map(([status, { content }]) => {
        const schema = json(content)?.schema
        return [status, schema === undefined ? null : forAjv(schema)]
      }),
    ),
  }
}
