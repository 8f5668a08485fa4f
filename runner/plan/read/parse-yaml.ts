import { type Document, isAlias, isCollection, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { Place } from '../../domain/blob.ts'
import { ProctorError } from '../../domain/error.ts'
import { explainIssues } from './explain-issues.ts'
import type { Path } from './schema-shape.ts'

/** Larger than any file that a person writes; a rubric or a dataset lies beside it. */
export const maxYamlBytes = 1_048_576
const maxDepth = 64
const maxProblems = 50
const maxAliases = 100

/**
 * `written` is what stands in the file, without defaults; `at` finds the line of any path in it, or of the nearest parent that is there;
 * `inText` the place of one character of a text, or of the text itself where the file writes it in another way (folded, escaped).
 */
export type Parsed<T> = {
  readonly value: T
  readonly written: unknown
  readonly at: (path: Path) => Place
  readonly inText: (path: Path, index: number) => Place
}
/** A file whose syntax is right, not yet held against a schema. */
export type Yaml = {
  readonly file: string
  readonly written: unknown
  readonly at: Parsed<unknown>['at']
  readonly inText: Parsed<unknown>['inText']
  readonly keyAt: Parsed<unknown>['at']
  readonly source: (path: Path) => string | undefined
}

/** Text -> plain data with places. Throws the problems of its syntax, of which every one is a `config_invalid` with line and column. */
export function readYaml(text: string, file: string): Yaml | readonly ProctorError[] {
  const lines = new LineCounter()
  // Unique keys are checked below: the library's own check takes seconds on a file with 20,000 of them.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, stringKeys: false })
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const syntax = [...document.errors, ...document.warnings]
    .slice(0, maxProblems)
    .map(({ code, message, pos }) => invalid(syntaxText(code, message), place(pos[0])))
  // One slip makes the parser complain over and over at the same place.
  const problems =
    syntax.length > 0
      ? [...new Map(syntax.reverse().map((problem) => [problem.place?.line, problem])).values()].reverse()
      : [...structure(document, place)].slice(0, maxProblems)
  if (problems.length > 0) return problems
  if (document.contents === null) return [invalid('found nothing; accepted: a YAML mapping', { file, line: 1 })]
  try {
    const written: unknown = document.toJS({ maxAliasCount: maxAliases })
    const find = (path: Path) => place(locate(document, path).start)
    return {
      file,
      written,
      at: find,
      inText: (path, index) => place(characterAt(text, locate(document, path), index)),
      keyAt: (path) => place(locate(document, path).key),
      source: (path) => locate(document, path).source,
    }
  } catch (thrown) {
    return [
      invalid(`found aliases that cannot be resolved (${messageOf(thrown)})`, {
        file,
        line: 1,
      }),
    ]
  }
}

/** Holds a file against its schema: the value, or every problem with place, found and accepted. */
export function checkYaml<S extends z.ZodType>(yaml: Yaml, schema: S): Parsed<z.output<S>> | readonly ProctorError[] {
  const result = schema.safeParse(yaml.written)
  if (result.success) return { value: result.data, written: yaml.written, at: yaml.at, inText: yaml.inText }
  const found = explainIssues(result.error.issues, { schema, written: yaml.written, source: yaml.source })
  // One more than is shown: whoever repeats a mistake 20,000 times waits for none of them.
  const first = [...found.take(maxProblems + 1)].map(({ message, path, on }) =>
    invalid(message, on === 'key' ? yaml.keyAt(path) : yaml.at(path)),
  )
  const shown = first.slice(0, maxProblems).sort(byPlace)
  return first.length > maxProblems ? [...shown, invalid('and more problems', { file: yaml.file, line: 1 })] : shown
}

const byPlace = ({ place: a }: ProctorError, { place: b }: ProctorError) =>
  (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0)

/** Both at once. */
export function parseYaml<S extends z.ZodType>({
  text,
  file,
  schema,
}: {
  text: string
  file: string
  schema: S
}): Parsed<z.output<S>> | readonly ProctorError[] {
  const yaml = readYaml(text, file)
  return isProblems(yaml) ? yaml : checkYaml(yaml, schema)
}

export const isProblems = (result: unknown): result is readonly ProctorError[] => Array.isArray(result)

const invalid = (message: string, place: Place) => new ProctorError('config_invalid', message, { place })

function syntaxText(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'found a second YAML document (`---`); accepted: one document a file'
  if (code === 'TAB_AS_INDENT') return 'found a tab as indentation; accepted: spaces'
  if (code === 'RESOURCE_EXHAUSTION') return `found nesting that is too deep; accepted: at most ${maxDepth} levels`
  return `YAML: ${message.split('\n')[0]}`
}

/** What the parser lets pass and a configuration file may not have: repeated keys, keys that are no text, deep nesting, an alias inside its own anchor. */
function* structure(document: Document, place: (offset: number) => Place): Generator<ProctorError> {
  const open: { node: unknown; depth: number; inside: readonly unknown[] }[] = [{ node: document.contents, depth: 0, inside: [] }]
  let aliases = 0
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, depth, inside } = next
    if (isAlias(node)) {
      const found = aliasProblem(node.source, node.resolve(document), inside, ++aliases)
      if (found !== undefined) yield invalid(found, place(startOf(node)))
      if (aliases > maxAliases) return
    }
    if (!isCollection(node)) continue
    if (depth >= maxDepth) {
      yield invalid(`found nesting that is too deep; accepted: at most ${maxDepth} levels`, place(startOf(node)))
      return
    }
    if (isMap(node)) yield* keysOf(node.items, place)
    const children = node.items.map((item) => (isPair(item) ? item.value : item))
    open.push(...children.reverse().map((child) => ({ node: child, depth: depth + 1, inside: [...inside, node] })))
  }
}

function aliasProblem(name: string, target: unknown, inside: readonly unknown[], count: number): string | undefined {
  if (count > maxAliases) return `found more than ${maxAliases} aliases; accepted: at most ${maxAliases}`
  if (target === undefined) return `found \`*${name}\`, whose anchor \`&${name}\` is not above it`
  return inside.includes(target) ? `found \`*${name}\` inside its own anchor; accepted: an alias of something else` : undefined
}

function* keysOf(items: readonly { readonly key: unknown }[], place: (offset: number) => Place): Generator<ProctorError> {
  const seen = new Map<string, number>()
  for (const { key } of items) {
    const start = startOf(key)
    if (!isScalar(key) || typeof key.value === 'object') {
      yield invalid('found a key that is not text; accepted: a name', place(start))
      continue
    }
    const name = String(key.value)
    const first = seen.get(name)
    if (first !== undefined) yield invalid(`found \`${name}\` twice; the first is on line ${place(first).line}`, place(start))
    else seen.set(name, start)
  }
}

type Located = { readonly start: number; readonly key: number; readonly source: string | undefined; readonly node?: unknown }

/** Walks down as far as the file goes; what is missing there is shown at its parent's key. */
function locate(document: Document, path: Path): Located {
  let node: unknown = document.contents
  let key = startOf(node)
  for (const part of path) {
    const holder = isAlias(node) ? node.resolve(document) : node
    if (!isCollection(holder)) return { start: key, key, source: undefined }
    const item = isMap(holder)
      ? holder.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(part))
      : holder.items[Number(part)]
    if (item === undefined) return { start: key, key, source: undefined }
    node = isPair(item) ? (item.value ?? item.key) : item
    key = isPair(item) ? startOf(item.key) : startOf(item)
  }
  return { start: startOf(node), key, source: isScalar(node) ? node.source : undefined, node }
}

/** Offset in the file of a character of a scalar. A block that keeps its lines is cut from them; other forms may write a character as several. */
function characterAt(file: string, { start, node }: Located, index: number): number {
  if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return start
  const [from, to] = node.range
  if (node.type !== 'BLOCK_LITERAL') {
    const shift = node.type === 'PLAIN' ? 0 : 1
    return file.startsWith(node.value, from + shift) && from + shift + index <= to ? from + shift + index : start
  }
  const before = node.value.slice(0, index).split('\n')
  const line = node.value.split('\n')[before.length - 1] ?? ''
  let begin = from
  for (let count = 0; count < before.length; count++) begin = file.indexOf('\n', begin) + 1
  const end = file.indexOf('\n', begin)
  const indent = file.slice(begin, end < 0 ? undefined : end).indexOf(line)
  return begin === 0 || indent < 0 ? start : begin + indent + (before.at(-1)?.length ?? 0)
}

const startOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0)
const isNode = (node: unknown): node is Node => typeof node === 'object' && node !== null && 'range' in node
const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message.split('\n')[0] : String(thrown))
