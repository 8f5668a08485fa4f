import type { Place } from './blob.ts'
import { type Code, codes, type Entry } from './codes.ts'

export { type Code, codes }

export const explain = (code: Code): Entry => codes[code]

type Details = { readonly place?: Place; readonly command?: string; readonly log?: string; readonly cause?: unknown }

/** An error that somebody can act on. `message` says what happened here; the table says whose it is and what to do. */
export class ProctorError extends Error {
  override readonly name = 'ProctorError'
  readonly code: Code
  readonly place: Place | undefined
  readonly command: string | undefined
  /** The tail of a log, already redacted. */
  readonly log: string | undefined

  constructor(code: Code, message: string, { place, command, log, cause }: Details = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.place = place
    this.command = command
    this.log = log
  }
}

/** Several problems of what people wrote, found in one go. Never empty. */
export class Problems extends Error {
  override readonly name = 'Problems'
  readonly all: readonly ProctorError[]

  constructor(all: readonly ProctorError[]) {
    super(`${all.length} ${all.length === 1 ? 'problem' : 'problems'}`)
    this.all = all
  }
}

export const toError = (thrown: unknown): ProctorError =>
  thrown instanceof ProctorError
    ? thrown
    : new ProctorError('internal_error', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
