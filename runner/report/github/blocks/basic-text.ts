import { clip, plain } from '../../plain.ts'

/** Text of an annotation: plain, and without characters beyond the basic plane, which GitHub refuses or mangles there; they are written out. */
export const basicText = (text: string, length: number): string =>
  clip(
    plain(text.slice(0, length * 2)).replace(/[\u{10000}-\u{10ffff}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`),
    length,
  )
