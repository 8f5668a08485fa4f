/** Called for each value that was looked for: an object parsed, `true` for a string, whatever it says. */
type Found = (path: string, value: Readonly<Record<string, unknown>> | true) => void

/** An object that is longer is not looked at. */
const mostKept = 64 * 1024
const longestKey = 64

/**
 * Finds values in JSON that passes by in pieces, by the keys that lead to them (`response.usage`; `*` = every item of a list). It knows
 * strings from structure, so nothing that a model says is taken for the provider's word, and keeps nothing but the object that it is in: an
 * answer of any size costs the same memory. Text that is no JSON finds nothing.
 */
export class JsonScan {
  readonly #wanted: ReadonlySet<string>
  readonly #last: ReadonlySet<string>
  readonly #deepest: number
  readonly #found: Found
  /** Containers that are open; of those down to `#deepest` also their kind and the key that was read last. */
  #depth = 0
  #isObject: boolean[] = []
  #keys: string[] = []
  #inString = false
  #escaped = false
  /** A string that begins now is a key. */
  #keyIsNext = false
  #key: string | undefined
  /** The path of the value that begins next, when it is wanted. */
  #next: string | undefined
  #kept: { readonly path: string; readonly depth: number; readonly parts: Uint8Array[]; length: number } | undefined

  constructor(paths: readonly string[], found: Found) {
    this.#wanted = new Set(paths)
    this.#last = new Set(paths.map((path) => path.slice(path.lastIndexOf('.') + 1)))
    this.#deepest = Math.max(...paths.map((path) => path.split('.').length))
    this.#found = found
  }

  /** A new text begins. */
  reset(): void {
    this.#depth = 0
    this.#inString = this.#escaped = this.#keyIsNext = false
    this.#key = this.#next = this.#kept = undefined
  }

  push(bytes: Uint8Array, from = 0, to = bytes.length): void {
    let keptFrom = from
    for (let at = from; at < to; at++) {
      // Nearly all of an answer is text that nobody looks at.
      if (this.#inString && this.#key === undefined && !this.#escaped) at = textEnd(bytes, at, to)
      if (at === to) break
      const byte = bytes[at] ?? 0
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (byte === backslash) this.#escaped = true
        else if (byte === quote) this.#endString()
        else if (this.#key !== undefined && this.#key.length < longestKey) this.#key += String.fromCharCode(byte)
        continue
      }
      if (byte === quote) this.#beginString()
      else if (byte === openBrace || byte === openBracket) {
        if (this.#open(byte === openBrace)) keptFrom = at
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#close(bytes, keptFrom, at + 1)
      } else if (byte === comma) this.#keyIsNext = this.#isObject[this.#depth] === true && this.#depth <= this.#deepest
      else if (byte === colon) this.#next = this.#pathHere()
      else if (byte > space) this.#next = undefined // a number, true, false or null begins
    }
    if (this.#kept) this.#keep(bytes, keptFrom, to)
  }

  #beginString(): void {
    this.#inString = true
    if (this.#keyIsNext) this.#key = ''
    else if (this.#next !== undefined) this.#found(this.#next, true)
    this.#keyIsNext = false
    this.#next = undefined
  }

  #endString(): void {
    this.#inString = false
    if (this.#key !== undefined) this.#keys[this.#depth] = this.#key
    this.#key = undefined
  }

  /** Whether what begins here is kept. */
  #open(isObject: boolean): boolean {
    const path = this.#next
    this.#next = undefined
    const keeps = isObject && path !== undefined && !this.#kept
    if (keeps) this.#kept = { path, depth: this.#depth, parts: [], length: 0 }
    this.#depth++
    if (this.#depth <= this.#deepest) {
      this.#isObject[this.#depth] = isObject
      this.#keys[this.#depth] = isObject ? '' : '*'
    }
    this.#keyIsNext = isObject && this.#depth <= this.#deepest
    return keeps
  }

  #close(bytes: Uint8Array, from: number, to: number): void {
    this.#depth = Math.max(0, this.#depth - 1)
    this.#keyIsNext = false
    this.#next = undefined
    if (!this.#kept || this.#kept.depth < this.#depth) return
    this.#keep(bytes, from, to)
    const kept = this.#kept
    this.#kept = undefined
    const value = kept && parse(kept.parts)
    if (kept && value) this.#found(kept.path, value)
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#kept) return
    this.#kept.length += to - from
    if (this.#kept.length > mostKept) this.#kept = undefined
    else this.#kept.parts.push(Buffer.from(bytes.subarray(from, to)))
  }

  #pathHere(): string | undefined {
    if (this.#depth > this.#deepest || !this.#last.has(this.#keys[this.#depth] ?? '')) return undefined
    const path = this.#keys.slice(1, this.#depth + 1).join('.')
    return this.#wanted.has(path) ? path : undefined
  }
}

/** Where a string goes on to be more than text: its next quote or backslash. */
function textEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] !== quote && bytes[at] !== backslash) at++
  return at
}

function parse(parts: readonly Uint8Array[]): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch {
    return undefined
  }
}

const [quote, backslash, comma, colon, space] = [0x22, 0x5c, 0x2c, 0x3a, 0x20]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
