// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is expanded here is written so
/** A piece of an instruction, quotes and all, and where it begins in it. */
export type Word = { readonly text: string; readonly at: number }
export type Env = Readonly<Record<string, string>>
/** `unset`: names that were used and have no value. */
export type Expanded = { readonly value: string; readonly unset: readonly string[] } | { readonly refused: string; readonly at: number }

/** Splits at blanks that neither quotes nor a backslash protect. */
export function splitWords(text: string): Word[] {
  const words: Word[] = []
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at] ?? '')) {
      at += 1
      continue
    }
    const end = endOfWord(text, at)
    words.push({ text: text.slice(at, end), at })
    at = end
  }
  return words
}

function endOfWord(text: string, start: number): number {
  let quote = ''
  let at = start
  for (; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '\\' && quote !== "'") at += 1
    else if (quote) quote = char === quote ? '' : quote
    else if (char === '"' || char === "'") quote = char
    else if (/\s/.test(char)) break
  }
  return Math.min(at, text.length)
}

/** The word without its quotes and backslashes, nothing expanded. */
export const unquoted = (word: string): string => word.replace(/\\(.)|["']/g, '$1')

/**
 * What a word comes to: quotes and backslashes are gone, `$X`, `${X}`, `${X:-word}`, `${X:+word}`, `${X:?word}` (each also without the
 * colon) are replaced. An unset variable is empty. As the builders of images do it. Pure.
 */
export function expand(word: string, env: Env): Expanded {
  const expander = new Expander(word, env)
  try {
    const value = expander.until('')
    return { value, unset: [...expander.unset] }
  } catch (thrown) {
    if (thrown instanceof Refusal) return { refused: thrown.message, at: thrown.at }
    throw thrown
  }
}

class Refusal extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

class Expander {
  readonly unset = new Set<string>()
  readonly #word: string
  readonly #env: Env
  #at = 0

  constructor(word: string, env: Env) {
    this.#word = word
    this.#env = env
  }

  /** Up to an unquoted `stop`, which is taken, or to the end when there is none. */
  until(stop: '}' | ''): string {
    const began = this.#at
    let value = ''
    for (;;) {
      const char = this.#word[this.#at]
      if (char === undefined) {
        if (stop === '') return value
        throw new Refusal('a `${` without its `}`', began)
      }
      if (char === stop) {
        this.#at += 1
        return value
      }
      if (char === "'") value += this.#single()
      else if (char === '"') value += this.#double()
      else if (char === '$') value += this.#dollar()
      else if (char === '\\') {
        value += this.#word[this.#at + 1] ?? ''
        this.#at += 2
      } else {
        value += char
        this.#at += 1
      }
    }
  }

  #single(): string {
    const end = this.#word.indexOf("'", this.#at + 1)
    if (end < 0) throw new Refusal("a ' without its partner", this.#at)
    const value = this.#word.slice(this.#at + 1, end)
    this.#at = end + 1
    return value
  }

  #double(): string {
    const began = this.#at
    let value = ''
    this.#at += 1
    for (;;) {
      const char = this.#word[this.#at]
      if (char === undefined) throw new Refusal('a " without its partner', began)
      if (char === '$') {
        value += this.#dollar()
        continue
      }
      this.#at += 1
      if (char === '"') return value
      const next = this.#word[this.#at] ?? ''
      if (char === '\\' && (next === '"' || next === '$' || next === '\\')) {
        value += next
        this.#at += 1
      } else value += char
    }
  }

  #dollar(): string {
    const began = this.#at
    this.#at += 1
    if (this.#word[this.#at] !== '{') {
      const name = this.#name()
      return name === '' ? '$' : this.#use(name)
    }
    this.#at += 1
    const name = this.#name()
    if (name === '') throw new Refusal('a `${` without a name', began)
    const rest = this.#word.slice(this.#at)
    if (rest.startsWith('}')) {
      this.#at += 1
      return this.#use(name)
    }
    const [modifier = ''] = /^:?[-+?]/.exec(rest) ?? []
    if (rest === '') throw new Refusal('a `${` without its `}`', began)
    if (modifier === '')
      throw new Refusal(`\`\${${name}${rest.slice(0, 2)}\`; accepted: \${X}, \${X:-word}, \${X:+word} and \${X:?word}`, began)
    this.#at += modifier.length
    const word = this.until('}')
    const found = Object.hasOwn(this.#env, name) ? this.#env[name] : undefined
    const isSet = modifier.startsWith(':') ? !!found : found !== undefined
    if (modifier.endsWith('+')) return isSet ? word : ''
    if (isSet) return found ?? ''
    if (modifier.endsWith('-')) return word
    throw new Refusal(`\`\${${name}${modifier}...}\`, and ${name} is not set${word === '' ? '' : `: ${word}`}`, began)
  }

  /** A name, a number, or one of the characters that a shell has a meaning for. */
  #name(): string {
    const [name = ''] = /^([A-Za-z_]\w*|\d+|[@*#?$!-])/.exec(this.#word.slice(this.#at)) ?? []
    this.#at += name.length
    return name
  }

  #use(name: string): string {
    if (Object.hasOwn(this.#env, name)) return this.#env[name] ?? ''
    this.unset.add(name)
    return ''
  }
}
