/** A shell command line, read as far as its first simple command goes. */
export type Command = {
  /** As written. */
  readonly line: string
  /** Words of the first simple command, unquoted as far as they are literal, each with where it ends in `line`. */
  readonly words: readonly { readonly text: string; readonly end: number }[]
}
