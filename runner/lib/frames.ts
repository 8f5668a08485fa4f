/**
 * Frames between us and what runs inside a sandbox: one line of UTF-8 JSON ended by a newline; when it has `n`, exactly
 * that many raw bytes follow. Whoever wrote the other side may be hostile, so a reader is bounded and never throws.
 */
export type FrameHead = { readonly [key: string]: unknown }

const longestLine = 1024 * 1024
const longestBody = 1024 * 1024

/** One frame as bytes. With a body, `n` is set to its length. */
export function encodeFrame(head: FrameHead, body?: Uint8Array): Uint8Array {
  const line = Buffer.from(`${JSON.stringify(body ? { ...head, n: body.byteLength } : head)}\n`)
  return body ? Buffer.concat([line, body]) : line
}

/** A push parser: `onFrame` is called once per complete frame, in order. `skipped` counts lines that were too long, not JSON, or announced too large a body. */
export class FrameReader {
  skipped = 0
  readonly #onFrame: (head: FrameHead, body: Uint8Array) => void
  #pieces: Uint8Array[] = []
  #held = 0
  #head: FrameHead | undefined
  #wanted = 0
  #dropping = false

  constructor(onFrame: (head: FrameHead, body: Uint8Array) => void) {
    this.#onFrame = onFrame
  }

  push(bytes: Uint8Array): void {
    for (let rest = bytes; rest.byteLength > 0; ) rest = this.#head ? this.#takeBody(this.#head, rest) : this.#takeLine(rest)
  }

  #takeBody(head: FrameHead, bytes: Uint8Array): Uint8Array {
    const piece = bytes.subarray(0, this.#wanted - this.#held)
    this.#hold(piece)
    if (this.#held === this.#wanted) {
      this.#head = undefined
      this.#onFrame(head, this.#release())
    }
    return bytes.subarray(piece.byteLength)
  }

  #takeLine(bytes: Uint8Array): Uint8Array {
    const end = bytes.indexOf(10)
    const piece = end < 0 ? bytes : bytes.subarray(0, end)
    if (this.#held + piece.byteLength > longestLine) this.#dropping = true
    if (this.#dropping) this.#release()
    else this.#hold(piece)
    if (end < 0) return new Uint8Array()
    if (this.#dropping) this.skipped += 1
    else this.#readLine(this.#release())
    this.#dropping = false
    return bytes.subarray(end + 1)
  }

  #readLine(line: Uint8Array): void {
    const head = parse(line)
    const n = head?.n ?? 0
    if (!head || typeof n !== 'number' || !Number.isInteger(n) || n < 0 || n > longestBody) this.skipped += 1
    else if (n === 0) this.#onFrame(head, new Uint8Array())
    else {
      this.#head = head
      this.#wanted = n
    }
  }

  #hold(piece: Uint8Array): void {
    if (piece.byteLength === 0) return
    this.#pieces.push(piece)
    this.#held += piece.byteLength
  }

  #release(): Uint8Array {
    const [only] = this.#pieces
    const all = this.#pieces.length === 1 && only ? only : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#held = 0
    return all
  }
}

function parse(line: Uint8Array): FrameHead | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8'))
    // A JSON object that is not an array has string keys, whatever it holds.
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as FrameHead) : undefined
  } catch {
    return undefined
  }
}
