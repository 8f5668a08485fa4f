/** Each word quoted for a POSIX shell. */
export const quoteWords = (list: readonly string[]): string => list.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
