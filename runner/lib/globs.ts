import picomatch from 'picomatch/posix.js'

/**
 * Whether a path is named by an author's globs. Paths are byte strings in latin1; globs are text. `*` also finds dot files,
 * `tests/` and `tests/**` also name `tests` itself, and a glob that begins with `!` takes out again what the others named.
 */
export function globs(patterns: readonly string[]): (path: string) => boolean {
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!')).map(normal)
  const unwanted = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => normal(pattern.slice(1)))
  const isWanted = compile(wanted)
  const isUnwanted = compile(unwanted)
  return (path) => {
    const name = utf8(path)
    return isWanted(name) && !isUnwanted(name)
  }
}

/** A path as a person reads it: UTF-8 where it is, control characters visible. */
export const readable = (path: string): string =>
  utf8(path).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`)

/** Plain names are most of all paths, and need no decoding. */
const utf8 = (path: string) => (/[\x80-\xff]/.test(path) ? Buffer.from(path, 'latin1').toString('utf8') : path)

/** `s`: a name may hold a line break, and `**` must find it all the same. */
const compile = (patterns: string[]) =>
  patterns.length === 0 ? () => false : picomatch(patterns, { dot: true, nonegate: true, flags: 's' })

const normal = (pattern: string) => {
  const relative = pattern.replace(/^(\.?\/)+/, '')
  return relative.endsWith('/') ? `${relative}**` : relative
}
