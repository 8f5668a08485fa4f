export type Clipped = { readonly text: string; readonly cut: boolean }

/** At most `maxBytes` of UTF-8: the head and the tail of a text, with a line between them that says how much is gone. No character is split. */
export function clip(text: string, maxBytes: number): Clipped {
  if (text.length * 3 <= maxBytes) return { text, cut: false }
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return { text, cut: false }
  const room = maxBytes - Buffer.byteLength(notice(bytes.length))
  if (room <= 0) return { text: bytes.toString('utf8', 0, boundary(bytes, maxBytes, -1)), cut: true }
  const headEnd = boundary(bytes, Math.ceil(room / 2), -1)
  const tailStart = boundary(bytes, bytes.length - Math.floor(room / 2), 1)
  return { text: bytes.toString('utf8', 0, headEnd) + notice(tailStart - headEnd) + bytes.toString('utf8', tailStart), cut: true }
}

/** What a reader sees in place of `lost` bytes. */
export const notice = (lost: number): string => `\n[... ${lost.toLocaleString('en-US')} bytes cut ...]\n`

/** Text from bytes that need not be UTF-8: what is not becomes U+FFFD. */
export const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

/** The ends of a text that comes in pieces: at most `maxBytes` of UTF-8 and a notice, whatever comes. */
export class Ends {
  readonly #half: number
  #head = ''
  #room: number
  #tail = ''
  #lost = 0

  constructor(maxBytes: number) {
    this.#half = Math.max(4, Math.floor(maxBytes / 2))
    this.#room = this.#half
  }

  push(text: string): void {
    this.#tail += this.#room > 0 ? this.#fillHead(text) : text
    if (this.#tail.length > 4 * this.#half) this.#trim()
  }

  /** Bytes that were dropped before they came here. */
  lose(bytes: number): void {
    this.#lost += bytes
  }

  /** What is there, and begins anew. */
  take(): Clipped {
    this.#trim()
    const text = this.#head + (this.#lost > 0 ? notice(this.#lost) : '') + this.#tail
    const cut = this.#lost > 0
    this.#head = this.#tail = ''
    this.#room = this.#half
    this.#lost = 0
    return { text, cut }
  }

  /** Returns what did not fit. */
  #fillHead(text: string): string {
    const bytes = Buffer.from(text)
    const end = bytes.length <= this.#room ? bytes.length : boundary(bytes, this.#room, -1)
    this.#head += bytes.toString('utf8', 0, end)
    this.#room = end < bytes.length ? 0 : this.#room - end
    return bytes.toString('utf8', end)
  }

  #trim(): void {
    const bytes = Buffer.from(this.#tail)
    if (bytes.length <= this.#half) return
    const start = boundary(bytes, bytes.length - this.#half, 1)
    this.#lost += start
    this.#tail = bytes.toString('utf8', start)
  }
}

/** Forward or back to where a character begins. */
function boundary(bytes: Uint8Array, at: number, step: 1 | -1): number {
  let found = Math.max(0, at)
  while (found > 0 && found < bytes.length && ((bytes[found] ?? 0) & 0xc0) === 0x80) found += step
  return found
}
