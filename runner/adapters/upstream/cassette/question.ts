import type { Json } from '../../../domain/blob.ts'
import { digest } from '../../../lib/digest.ts'
import type { UpstreamCall } from '../send.ts'
import { between, withoutContext, withoutToken, withoutVolatile } from './volatile.ts'

/**
 * What was asked, without what is another every time. Two requests that mean the same have the same `id`: same provider, method, path, query and
 * body, whatever the order of keys, apart from
 *
 * - fields that only say who asks: session, thread and turn ids, cache keys, users;
 * - ids of messages and calls, which are numbered in their order: which result belongs to which call counts;
 * - in results of tools and in what CLIs tell of their surroundings: points in time, durations, UUIDs, temporary names, process ids;
 * - the date of today where a CLI says it, the run's token, and the delimiters of a judge's evidence.
 *
 * Headers do not count. Everything else does, every character of it.
 */
export type Question = { readonly id: string; readonly asked: Asked }
export type Asked = {
  readonly provider: string
  readonly method: string
  readonly path: string
  readonly query: string
  /** JSON with its keys in order; text when it is no JSON, or nested beyond all reason. */
  readonly body: Json
}
type Call = Pick<UpstreamCall, 'as' | 'account' | 'method' | 'path' | 'body' | 'redact'>
type Tree = { readonly [key: string]: Json }

const whoAsks = new Set(['client_metadata', 'prompt_cache_key', 'safety_identifier', 'user'])
const histories = new Set(['messages', 'input', 'contents'])
const prompts = new Set(['system', 'instructions', 'systemInstruction'])
const ids = new Set(['id', 'call_id', 'tool_use_id', 'tool_call_id'])
/** What the model called a tool with: it comes out of a recorded answer. */
const calledWith = new Set(['input', 'args', 'arguments', 'function'])

export function questionOf(call: Call, now: Date): Question {
  const [path = '', query = ''] = call.path.split('?')
  const asked: Asked = {
    provider: call.account.provider,
    method: call.method,
    path,
    query: sortedQuery(query),
    body: bodyOf(call, now),
  }
  return { id: digest(asked).slice('sha256:'.length, 'sha256:'.length + 32), asked }
}

function sortedQuery(query: string): string {
  const entries = [...new URLSearchParams(query)].filter(([name]) => name !== 'key')
  return entries
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&')
}

function bodyOf({ as, body, redact = (text) => text }: Call, now: Date): Json {
  const text = redact(withoutToken(Buffer.from(body).toString('utf8')))
  const json = parse(text)
  if (isDeep(json)) return text
  if (!isTree(json)) return json
  const nonce = as === 'judge' ? /<<<DATA ([0-9a-f]{32})\b/.exec(text)?.[1] : undefined
  return sorted(Object.fromEntries(Object.entries(json).flatMap(([key, value]) => field(key, value, { nonce, now }))))
}

function field(key: string, value: Json, { nonce, now }: { readonly nonce: string | undefined; readonly now: Date }): [string, Json][] {
  if (whoAsks.has(key)) return []
  if (key === 'metadata' && isTree(value) && 'user_id' in value) {
    const { user_id: _, ...rest } = value
    return [[key, rest]]
  }
  if (prompts.has(key)) return [[key, texts(value, (text) => withoutContext(text, now))]]
  if (!histories.has(key)) return [[key, value]]
  const said = (text: string) => (nonce === undefined ? withoutContext(text, now) : evidence(text, nonce, now))
  return [[key, history(value, { said, printed: (text) => withoutVolatile(text, now), known: new Map() })]]
}

type Reading = {
  readonly said: (text: string) => string
  readonly printed: (text: string) => string
  /** Ids, and their numbers in the order of their first appearance. */
  readonly known: Map<string, number>
}

/** Messages, their parts and the results among them: what is not known to be a result counts in full. */
function history(value: Json, reading: Reading): Json {
  if (typeof value === 'string') return reading.said(value)
  if (isList(value)) return value.map((item) => history(item, reading))
  if (!isTree(value)) return value
  const results = resultKeys(value)
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, Json] => {
      if (results.has(key)) return [key, texts(inner, reading.printed)]
      if (ids.has(key) && typeof inner === 'string') return [key, numbered(inner, reading.known)]
      return [key, calledWith.has(key) ? inner : history(inner, reading)]
    }),
  )
}

/** Under which keys a message or a part holds what a tool printed. */
function resultKeys({ type, role, name, response }: Tree): ReadonlySet<string> {
  if (type === 'tool_result' || role === 'tool') return new Set(['content'])
  if (typeof type === 'string' && type.endsWith('_output')) return new Set(['output'])
  return new Set(typeof name === 'string' && response !== undefined ? ['response'] : [])
}

function numbered(id: string, known: Map<string, number>): string {
  const number = known.get(id) ?? known.size + 1
  known.set(id, number)
  return `<id ${number}>`
}

/** What stands between a judge's delimiters was printed by agents and scorers, but for the question itself. */
function evidence(text: string, nonce: string, now: Date): string {
  const [open, close] = [`<<<DATA ${nonce}\n`, `\nDATA ${nonce}>>>`]
  const kept = ['The task:\n', 'The expected:\n'].map((title) => title + open)
  let plain = ''
  for (const block of text.split(new RegExp(`(?=The \\w+:\\n${open})`)))
    plain += kept.some((start) => block.startsWith(start)) ? block : between(block, open, close, (inside) => withoutVolatile(inside, now))
  return plain.replaceAll(nonce, 'nonce').replace(/\d+ (?=characters in the middle of the )/g, '')
}

const texts = (value: Json, change: (text: string) => string): Json =>
  typeof value === 'string'
    ? change(value)
    : isList(value)
      ? value.map((item) => texts(item, change))
      : isTree(value)
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, texts(inner, change)]))
        : value

function sorted(value: Json): Json {
  if (isList(value)) return value.map(sorted)
  if (!isTree(value)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] ?? null)]))
}

/** Deeper than any question is: an agent that nests without end must not overflow a stack of ours. */
const deepest = 500

function isDeep(json: Json): boolean {
  let level: readonly Json[] = [json]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true
    level = level.flatMap((value): readonly Json[] => (isList(value) ? value : isTree(value) ? Object.values(value) : []))
  }
  return false
}

export const isTree = (value: Json): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json // JSON text
  } catch {
    return text
  }
}
