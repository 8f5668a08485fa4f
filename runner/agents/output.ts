import { type Clipped, Ends } from '../lib/clip.ts'
import type { Redactor } from '../lib/redact.ts'

/** What a command says, as text: decoded, redacted and bounded while it streams by. */
export class Output {
  readonly #ends: Ends
  readonly #streams: Readonly<Record<'stdout' | 'stderr', Decoded>>

  constructor(redactor: Redactor, maxBytes: number) {
    this.#ends = new Ends(maxBytes)
    this.#streams = { stdout: new Decoded(redactor), stderr: new Decoded(redactor) }
  }

  push(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#ends.push(this.#streams[stream].push(bytes))
  }

  /** No more comes; `lost` bytes were dropped on the way here. */
  end(lost: number): void {
    for (const stream of Object.values(this.#streams)) this.#ends.push(stream.end(lost > 0))
    this.#ends.lose(lost)
  }

  take(): Clipped {
    return this.#ends.take()
  }
}

class Decoded {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  readonly #redacting: ReturnType<Redactor['stream']>

  constructor(redactor: Redactor) {
    this.#redacting = redactor.stream()
  }

  push(bytes: Uint8Array): string {
    return this.#redacting.push(this.#decoder.decode(bytes, { stream: true }))
  }

  end(cut: boolean): string {
    return this.#redacting.push(this.#decoder.decode()) + this.#redacting.end(cut)
  }
}
