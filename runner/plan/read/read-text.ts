import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { type Code, ProctorError } from '../../domain/error.ts'

/** Reads a text file that a person wrote. Throws `code`, naming the line, for one that is too large, is not UTF-8 or cannot be read. `file` is its name in messages. */
export function readText(path: string, { file, code, maxBytes }: { file: string; code: Code; maxBytes: number }): string {
  return decodeText(read(path, { file, code, maxBytes }), { file, code })
}

/** UTF-8 without its byte order mark. */
function decodeText(bytes: Buffer, { file, code }: { file: string; code: Code }): string {
  if (isUtf16(bytes)) throw new ProctorError(code, 'found UTF-16; accepted: UTF-8. Save the file as UTF-8', { place: { file, line: 1 } })
  if (!isUtf8(bytes)) {
    const line = firstBadLine(bytes)
    throw new ProctorError(code, 'found bytes that are not UTF-8; accepted: UTF-8 text', { place: { file, line } })
  }
  const text = new TextDecoder().decode(bytes)
  const nul = text.indexOf('\0')
  if (nul >= 0) {
    throw new ProctorError(code, 'found a NUL character; accepted: text', { place: { file, line: text.slice(0, nul).split('\n').length } })
  }
  return text
}

function read(path: string, { file, code, maxBytes }: { file: string; code: Code; maxBytes: number }): Buffer {
  try {
    const found = statSync(path)
    if (!found.isFile()) throw new ProctorError(code, 'found something that is not a file', { place: { file, line: 1 } })
    if (found.size > maxBytes) {
      throw new ProctorError(code, `found ${found.size} bytes; accepted: at most ${maxBytes}`, { place: { file, line: 1 } })
    }
    return readFileSync(path)
  } catch (thrown) {
    if (thrown instanceof ProctorError) throw thrown
    const why = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
    throw new ProctorError(code, `cannot be read (${why})`, { place: { file, line: 1 }, cause: thrown })
  }
}

const isUtf16 = (bytes: Buffer) =>
  bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))

function firstBadLine(bytes: Buffer): number {
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(10, start)
    const stop = end < 0 ? bytes.length : end
    if (!isUtf8(bytes.subarray(start, stop))) break
    start = stop + 1
  }
  return line
}
