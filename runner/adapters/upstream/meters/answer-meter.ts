import type { Tokens } from '../../../domain/model-call.ts'
import type { Meter } from '../dialect.ts'
import { JsonScan } from './json-scan.ts'

/** What an answer says of its usage, and where. `see` gets what was found, in order; `tokens` is undefined until the count is whole. */
export type Usage = {
  readonly paths: readonly string[]
  see(path: string, value: Readonly<Record<string, unknown>> | true): void
  tokens(): Tokens | undefined
}
/** `hides`: an event of a stream that the agent did not ask for and must not see. It is asked about events in which usage was found. */
type Options = { readonly hides?: (event: unknown) => boolean }

/** An event that is longer is handed on before it is complete: what is to be hidden is short. */
const mostHeld = 16 * 1024

/**
 * A meter for one answer, be it an event stream, one JSON document or a list of them: its first character says which. What passes by is
 * not kept, so its memory does not grow with the answer, nor with a single event of it.
 */
export function answerMeter(usage: Usage, { hides }: Options = {}): Meter {
  let form: 'unknown' | 'events' | 'json' = 'unknown'
  let foundHere = false
  const scan = new JsonScan(usage.paths, (path, value) => {
    foundHere = true
    usage.see(path, value)
  })
  const events = readEvents(scan)
  const held = hides ? holdEvents(hides) : undefined

  function event(): void {
    held?.event(foundHere)
    foundHere = false
    scan.reset()
  }

  return {
    push(bytes) {
      if (form === 'unknown') form = formOf(bytes)
      if (form === 'json') {
        scan.push(bytes)
        return bytes
      }
      let from = 0
      for (const end of events(bytes)) {
        held?.bytes(bytes.subarray(from, end))
        event()
        from = end
      }
      if (!held) return bytes
      held.bytes(bytes.subarray(from))
      return held.take()
    },
    end() {
      if (held) held.event(foundHere)
      const rest = held?.take()
      const tokens = usage.tokens()
      return { ...(rest ? { rest } : {}), ...(tokens ? { tokens } : {}) }
    },
  }
}

function formOf(bytes: Uint8Array): 'unknown' | 'events' | 'json' {
  const first = bytes.find((byte) => byte > 0x20)
  return first === undefined ? 'unknown' : first === 0x7b || first === 0x5b ? 'json' : 'events'
}

/** Feeds the data of events to the scan, and says where in the bytes events end. The scan is to be reset there. */
function readEvents(scan: JsonScan): (bytes: Uint8Array) => Generator<number> {
  /** The line so far: its first five characters, and whether it has any. */
  let head = ''
  let isEmpty = true
  return function* (bytes) {
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(0x0a, at)
      const end = newline === -1 ? bytes.length : newline
      for (; head.length < 5 && at < end; at++) head += String.fromCharCode(bytes[at] ?? 0)
      if (head !== '' && head !== '\r') isEmpty = false
      if (at < end && head === 'data:') scan.push(bytes, at, end)
      at = end + 1
      if (newline === -1) break
      if (isEmpty) yield at
      head = ''
      isEmpty = true
    }
  }
}

/** Events are held back until they are complete, so that one can be left out. */
function holdEvents(hides: (event: unknown) => boolean) {
  let ready: Uint8Array[] = []
  let held: Uint8Array[] = []
  let length = 0
  let isLong = false
  return {
    bytes(bytes: Uint8Array) {
      if (bytes.length === 0) return
      length += bytes.length
      isLong ||= length > mostHeld
      held.push(isLong ? bytes : Buffer.from(bytes)) // a copy: the caller may use its bytes again
      if (isLong) release()
    },
    /** What came so far is an event. */
    event(hasUsage: boolean) {
      if (!isLong && hasUsage && hides(dataOf(held))) held = []
      release()
      length = 0
      isLong = false
    },
    take(): Uint8Array | undefined {
      const [first, ...more] = ready
      ready = []
      return more.length === 0 ? first : Buffer.concat([first ?? new Uint8Array(), ...more])
    },
  }
  function release() {
    ready.push(...held)
    held = []
  }
}

function dataOf(parts: readonly Uint8Array[]): unknown {
  const lines = Buffer.concat(parts).toString('utf8').split(/\r?\n/)
  try {
    return JSON.parse(
      lines
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5))
        .join('\n'),
    )
  } catch {
    return undefined
  }
}

/** A number of tokens as a provider wrote it; anything else is none. */
export const count = (value: unknown): number => (typeof value === 'number' && value > 0 && Number.isFinite(value) ? Math.floor(value) : 0)
