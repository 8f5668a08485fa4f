/** A word without its quotes, or an operator such as `&&`. */
export type Token = { readonly text: string; readonly operator: boolean }
export type ShellLine = {
  readonly tokens: readonly Token[]
  /** Every quote ends. */
  readonly closed: boolean
  /** Its words say all there is to it: it is closed, and nothing is expanded or commented out by a shell. */
  readonly literal: boolean
}

/** A command line as a shell would take it apart. */
export function shellWords(line: string): ShellLine {
  const tokens: Token[] = []
  let word: string | undefined
  let closed = true
  let literal = true
  const end = () => {
    if (word !== undefined) tokens.push({ text: word, operator: false })
    word = undefined
  }
  const pieces = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([;&|<>()\n]+)|([ \t\r]+)|(['"\\])|([^'"\\;&|<>()\s]+|\s)/g
  for (const [, single, double, escaped, operator, space, broken, plain] of line.matchAll(pieces)) {
    if (operator !== undefined) {
      end()
      tokens.push({ text: operator, operator: true })
    } else if (space !== undefined) end()
    else {
      if (broken !== undefined) closed = false
      if (/[$`]/.test(double ?? '') || /[$`]/.test(plain ?? '')) literal = false
      if (word === undefined && plain?.startsWith('#')) literal = false
      word = (word ?? '') + (single ?? double?.replaceAll(/\\([$`"\\\n])/g, '$1') ?? escaped ?? broken ?? plain ?? '')
    }
  }
  end()
  return { tokens, closed, literal: literal && closed }
}

/** `/bin/sh -lc 'make test'` -> `make test`; anything else stays as it is. */
export function unwrapShell(command: string): string {
  const { tokens, closed } = shellWords(command)
  const [shell, flag, script] = tokens.map(({ text }) => text)
  const wrapped = closed && tokens.length === 3 && !tokens.some(({ operator }) => operator)
  return wrapped && /^(\/usr)?(\/bin\/)?(ba|da|z|k)?sh$/.test(shell ?? '') && /^-[a-z]*c$/.test(flag ?? '') ? (script ?? command) : command
}
