import { formsOf } from './secret-forms.ts'

/** Which ends of a text were cut off, so that part of a secret may be left there. */
export type Cut = { readonly start?: boolean; readonly end?: boolean }

/**
 * Masks registered secrets in every sink: as they are, and in base64, hex, URL- and JSON-escaped form. It guards against
 * accidents, not against an agent that re-encodes what it knows.
 */
export class Redactor {
  readonly #forms = new Set<string>()
  #longest = 0

  /** Returns why the secret is refused, or undefined. A secret of three characters would mask half of every text. */
  register(secret: string): string | undefined {
    if (secret.trim().length < shortest) return `it is shorter than ${shortest} characters, so it is not masked`
    for (const form of formsOf(secret)) {
      this.#forms.add(form)
      this.#longest = Math.max(this.#longest, form.length)
    }
    return undefined
  }

  /** Nothing is registered, so nothing has to be searched. */
  get isEmpty(): boolean {
    return this.#forms.size === 0
  }

  redact(text: string, cut: Cut = {}): string {
    if (this.#forms.size === 0) return text
    const spans = this.#find(text)
    const end = cut.end ? this.#beginsAt(text, 3) : text.length
    if (end < text.length) spans.push([end, text.length])
    const start = cut.start ? this.#endsAt(text, 3) : 0
    if (start > 0) spans.push([0, start])
    return mask(text, merge(spans))
  }

  /** Whether UTF-8 bytes hold a secret. */
  holds(bytes: Uint8Array): boolean {
    return this.finder().push(bytes)
  }

  /** The same for bytes that pass by in chunks: `push` says whether a secret has ended in what came so far. */
  finder(): { push(chunk: Uint8Array): boolean } {
    const forms = [...this.#forms].map((form) => Buffer.from(form))
    const longest = Math.max(0, ...forms.map((form) => form.length))
    let carry: Buffer = Buffer.alloc(0)
    return {
      push(chunk) {
        if (forms.length === 0) return false
        const bytes = Buffer.concat([carry, chunk])
        carry = bytes.subarray(Math.max(0, bytes.length - longest + 1))
        return forms.some((form) => bytes.includes(form))
      },
    }
  }

  /** Text that comes in pieces. What could be the start of a secret is held back until more comes, or until `end`. */
  stream(): RedactingStream {
    let held = ''
    return {
      push: (text) => {
        if (this.#forms.size === 0) return text
        const all = held + text
        const spans = merge(this.#find(all))
        const open = this.#beginsAt(all, 1)
        const across = spans.find(([from, to]) => from < open && to > open)
        const safe = across?.[0] ?? open
        // Secrets that overlap themselves without end must not fill the memory.
        const until = safe === 0 && across && all.length > 2 * this.#longest ? across[1] : safe
        held = all.slice(until)
        return mask(
          all.slice(0, until),
          spans.filter(([, to]) => to <= until),
        )
      },
      end: (cut = false) => {
        const rest = this.redact(held, { end: cut })
        held = ''
        return rest
      },
    }
  }

  #find(text: string): Span[] {
    const spans: Span[] = []
    for (const form of this.#forms)
      for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) spans.push([at, at + form.length])
    return spans
  }

  /** Where the longest end of the text that could be the start of a secret begins; the text's length when there is none. */
  #beginsAt(text: string, least: number): number {
    let found = text.length
    for (const form of this.#forms) {
      let at = text.indexOf(form.charAt(0), Math.max(0, text.length - form.length + 1))
      while (at !== -1 && at < found && !form.startsWith(text.slice(at))) at = text.indexOf(form.charAt(0), at + 1)
      if (at !== -1 && at < found && text.length - at >= least) found = at
    }
    return found
  }

  #endsAt(text: string, least: number): number {
    let found = 0
    for (const form of this.#forms)
      for (let length = Math.min(form.length - 1, text.length); length >= least && length > found; length--)
        if (form.endsWith(text.slice(0, length))) found = length
    return found
  }
}

/** `end(true)`: the text was cut there. */
export type RedactingStream = { push(text: string): string; end(cut?: boolean): string }

type Span = readonly [from: number, to: number]
const shortest = 4

function merge(spans: readonly Span[]): Span[] {
  const merged: [number, number][] = []
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

function mask(text: string, spans: readonly Span[]): string {
  let at = 0
  let masked = ''
  for (const [from, to] of spans) {
    masked += `${text.slice(at, from)}***`
    at = to
  }
  return masked + text.slice(at)
}
