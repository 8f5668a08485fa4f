import type { StepBody } from '../../../../domain/step.ts'
import type { Fields } from '../stream/fields.ts'

/** What a model asked for. */
export type Call = { readonly name: string; readonly input: Fields }

/** What came of it. */
export type Result = {
  readonly text: string
  /** Nothing was done, and `text` says why. */
  readonly failed?: boolean
  /** Of a command; null when it has none, or nobody said. */
  readonly exitCode?: number | null
  /** Of an edit, when the CLI says more than its input does. */
  readonly diff?: string | undefined
  /** A file that was written had been there before. */
  readonly overwrites?: boolean
  /** What a tool answered, when it is more than its text. */
  readonly value?: unknown
  /** Edits that a command made, as the CLI saw them. */
  readonly edits?: readonly StepBody[]
}
