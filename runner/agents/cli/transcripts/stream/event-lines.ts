import { Ends } from '../../../../lib/clip.ts'
import { type Fields, parseFields } from './fields.ts'
import { Lines } from './lines.ts'

/** What a CLI prints when it prints one JSON object a line. */
export class EventLines {
  /** Lines and events of no known kind. */
  skipped = 0
  /** Events of known kinds. */
  events = 0
  /** When something last came. */
  at = new Date()
  readonly #lines: Lines
  readonly #plain = new Ends(maxPlain)
  readonly #stderr = new Ends(maxStderr)
  readonly #decoder = new TextDecoder()

  /** `event` returns false for one that it does not know; `note` is told what could not be read. */
  constructor(event: (event: Fields, at: Date) => boolean, note: (text: string, at: Date) => void) {
    this.#lines = new Lines(
      (line, at) => {
        const found = parseFields(line)
        if (found && event(found, at)) {
          this.events += 1
          return
        }
        if (!line.trim()) return
        if (!found) this.#plain.push(`${line}\n`)
        this.skipped += 1
      },
      (bytes, at) => {
        this.skipped += 1
        note(`[... a line of ${bytes.toLocaleString('en-US')} bytes was too long to read ...]`, at)
      },
    )
  }

  push(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: Date): void {
    this.at = at
    if (stream === 'stdout') this.#lines.push(bytes, at)
    else this.#stderr.push(this.#decoder.decode(bytes, { stream: true }))
  }

  /** No more comes. Returns the ends of what was no JSON, and of stderr. */
  end(): { readonly plain: string; readonly stderr: string } {
    this.#lines.end(this.at)
    return { plain: this.#plain.take().text.trim(), stderr: this.#stderr.take().text.trim() }
  }
}

const maxPlain = 64 * 1024
const maxStderr = 4 * 1024
