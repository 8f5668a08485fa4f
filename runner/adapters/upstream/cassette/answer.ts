import type { Json } from '../../../domain/blob.ts'
import type { Answer } from '../send.ts'

/** An answer as it lies in a file: its events, its JSON, or its text. */
export type Recorded = {
  readonly run: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
} & ({ readonly events: readonly string[] } | { readonly json: Json } | { readonly text: string })

/** Said because of the moment, the key or the load, not because of what was asked. */
const passing = new Set([401, 402, 403, 407, 408, 409, 425, 429])
/** Of the moment, or of the account. */
const notKept =
  /^(date|age|cf-|x-ratelimit|anthropic-ratelimit|retry-after|set-cookie|server|via|x-envoy|openai-processing-ms|strict-transport)/

/** Whether asking again would be answered the same: then it is worth keeping. Refusals of the question itself are. */
export const isLasting = (status: number): boolean => status < 500 && !passing.has(status)

/**
 * The answer as it is kept, or undefined when it is not whole: a stream without its last event or with an error in it, JSON that breaks off,
 * bytes that are no text. `redact` masks what must not be kept.
 */
export function keep(
  { run, status, headers }: { readonly run: string } & Pick<Answer, 'status' | 'headers'>,
  body: Uint8Array,
  redact: (text: string) => string,
): Recorded | undefined {
  const text = decoded(body)
  if (text === undefined) return undefined
  const kept = Object.entries(headers).flatMap(([name, value]) => (notKept.test(name) ? [] : [[name, redact(value)] as const]))
  const head = { run, status, headers: Object.fromEntries(kept) }
  const type = headers['content-type'] ?? ''
  if (type.includes('text/event-stream')) return isWholeStream(text) ? { ...head, events: maskStream(eventsOf(text), redact) } : undefined
  if (!type.includes('json') || text === '') return { ...head, text: redact(text) }
  const json = parsed(redact(text))
  return json === undefined ? undefined : { ...head, json }
}

/** The bytes again, an event at a time. */
export async function* bodyOf(recorded: Recorded): AsyncGenerator<Uint8Array> {
  const chunks = 'events' in recorded ? recorded.events : ['json' in recorded ? JSON.stringify(recorded.json) : recorded.text]
  for (const chunk of chunks) if (chunk !== '') yield Buffer.from(chunk)
}

/** Whether a stream came to its end in the words of one of the providers. */
export function isWholeStream(text: string): boolean {
  if (/^(event: (error|response\.failed)$|data: \{"error":)/m.test(text)) return false
  return /^(event: (message_stop|response\.(completed|incomplete))$|data: \[DONE\]$)/m.test(text) || /"finishReason": ?"/.test(text)
}

const eventsOf = (text: string): readonly string[] => text.match(/[\s\S]*?(?:\r?\n){2}|[\s\S]+$/g) ?? []

/**
 * A model says a secret in pieces, one an event, so that no event holds it. The texts at the same place of all events are read as one; when
 * there is a secret in it, the whole masked text moves into the first of them.
 */
function maskStream(events: readonly string[], redact: (text: string) => string): readonly string[] {
  const datas = events.map((event) => parsed(/^data: (\{.*)$/m.exec(event)?.[1] ?? ''))
  const places = new Map<string, { readonly event: number; readonly text: string }[]>()
  for (const [event, data] of datas.entries())
    for (const [place, text] of data === undefined ? [] : leaves(data)) places.set(place, [...(places.get(place) ?? []), { event, text }])
  const changed = new Map<number, Map<string, string>>()
  for (const [place, pieces] of places) {
    const whole = pieces.map(({ text }) => text).join('')
    const masked = redact(whole)
    if (masked === whole) continue
    for (const [index, { event }] of pieces.entries())
      changed.set(event, (changed.get(event) ?? new Map()).set(place, index === 0 ? masked : ''))
  }
  return events.map((event, index) => {
    const places = changed.get(index)
    const data = datas[index]
    if (!places || data === undefined) return redact(event)
    const text = JSON.stringify(replaced(data, (place, text) => places.get(place) ?? text))
    return redact(event.replace(/^data: \{.*$/m, () => `data: ${text}`))
  })
}

/** Every text in it, with the path of keys that leads there and the index that the event names. */
function* leaves(value: Json, path = `${indexOf(value)}`): Generator<[string, string]> {
  if (typeof value === 'string') yield [path, value]
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* leaves(inner, `${path}/${key}`)
}

function replaced(value: Json, change: (path: string, text: string) => string, path = `${indexOf(value)}`): Json {
  if (typeof value === 'string') return change(path, value)
  if (Array.isArray(value)) return value.map((inner, index) => replaced(inner, change, `${path}/${index}`))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, change, `${path}/${key}`)]))
}

const indexOf = (value: Json) => {
  const { type = '', index = '', output_index = '' } = value as Record<string, Json> // of an event: an object
  return `${type} ${index} ${output_index}`
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json // JSON text
  } catch {
    return undefined
  }
}
