/**
 * Agent text with nothing in it that acts on the place where it is shown: terminal escapes are gone; control, bidi and invisible
 * characters are written out, so that a reader sees that they are there. Carriage returns end a line, as on a terminal.
 */
export function plain(text: string): string {
  return verbatim(text.replace(/\r+\n?/g, '\n'))
}

/** The same for text in which a carriage return is content, such as a diff: it is written out too. */
export function verbatim(text: string): string {
  if (harmless.test(text)) return text
  return text.toWellFormed().replace(escapes, '').replace(invisible, written)
}

/** The same on one line, at most `length` characters. */
export function oneLine(text: string, length: number): string {
  return clip(
    plain(text.slice(0, length * 8))
      .replace(/\s+/g, ' ')
      .trim(),
    length,
  )
}

/** At most `length` characters, with an ellipsis when some are gone. Never cuts a character in two. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** Most text is, and a plain scan is fast. */
const harmless = /^[\t\n\u0020-\u007e]*$/
// CSI and OSC sequences, as of ECMA-48.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|[@-Z\\-_])/g
// Controls, formats (bidi, zero-width, tags), line and paragraph separators, fillers, non-characters; not the joiner and selectors of emoji.
const invisible =
  /(?!\t|\n|\u200d|\ufe0e|\ufe0f)(?:\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}|\p{Noncharacter_Code_Point})/gu
const written = (char: string) => `\\u{${char.codePointAt(0)?.toString(16)}}`
