import { decode } from '../../../../lib/clip.ts'

/** Bytes of a line. A tool result is in it up to three times. */
const maxLine = 4 * 1024 * 1024

/** Cuts what comes in pieces into lines. One that is too long is counted and left out. */
export class Lines {
  readonly #line: (line: string, at: Date) => void
  readonly #tooLong: (bytes: number, at: Date) => void
  #kept = Buffer.alloc(1024)
  #length = 0
  /** Bytes of the line so far, kept or not. */
  #came = 0

  constructor(line: (line: string, at: Date) => void, tooLong: (bytes: number, at: Date) => void) {
    this.#line = line
    this.#tooLong = tooLong
  }

  push(bytes: Uint8Array, at: Date): void {
    let start = 0
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      this.#keep(bytes.subarray(start, end))
      this.#end(at)
      start = end + 1
    }
    this.#keep(bytes.subarray(start))
  }

  /** No more comes: the last line need not have an end. */
  end(at: Date): void {
    if (this.#came > 0) this.#end(at)
  }

  #keep(bytes: Uint8Array): void {
    this.#came += bytes.length
    if (this.#came > maxLine) return
    if (this.#came > this.#kept.length) {
      const larger = Buffer.alloc(2 * this.#came)
      larger.set(this.#kept.subarray(0, this.#length))
      this.#kept = larger
    }
    this.#kept.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #end(at: Date): void {
    const [came, line] = [this.#came, this.#kept.subarray(0, this.#length)]
    this.#came = this.#length = 0
    if (came > maxLine) this.#tooLong(came, at)
    else this.#line(decode(line), at)
  }
}
