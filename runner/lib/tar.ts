import { ProctorError } from '../domain/error.ts'

/** `name` and `target` are byte strings in latin1, for a file name need not be UTF-8; no trailing slash. `size` = bytes of content. */
export type TarEntry = {
  readonly name: string
  readonly type: 'file' | 'dir' | 'symlink' | 'hardlink' | 'special'
  readonly mode: number
  readonly size: number
  readonly target: string
}
export type TarSink = { write(bytes: Uint8Array): void; end(): void }
/** Decides per entry what becomes of its content: a sink, or nothing. `settle` is awaited after every chunk of the stream. */
export type TarVisitor = { entry(entry: TarEntry): TarSink | undefined; settle?(): Promise<void> }

/**
 * Reads a tar of the engine's as it streams by, in constant memory. tar-stream decodes pax records as UTF-8, which destroys names
 * that are not, and makes a stream per entry, which a tree of 100,000 files cannot afford. Throws `sandbox_lost` when the archive ends early or is none.
 */
export async function scanTar(bytes: AsyncIterable<Uint8Array>, visitor: TarVisitor): Promise<void> {
  const reader = new Reader(visitor)
  for await (const chunk of bytes) {
    reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    await visitor.settle?.()
  }
  reader.end()
}

const block = 512
/** Of names and pax records; the longest path that Linux takes is 4 KiB. */
const maxHeader = 1024 * 1024

class Reader {
  readonly #visitor: TarVisitor
  #partial: Buffer[] = []
  #partialBytes = 0
  /** Bytes of the current content and of the padding behind it that are still to come. */
  #left = 0
  #padding = 0
  #sink: TarSink | undefined
  #meta: { kind: string; size: number } | undefined
  #long: { name?: string; target?: string; size?: number } = {}
  #ended = false

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#ended) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at)
        this.#sink?.write(chunk.subarray(at, at + taken))
        this.#left -= taken
        at += taken
        if (this.#left === 0) this.#finish()
      } else if (this.#padding > 0) {
        const taken = Math.min(this.#padding, chunk.length - at)
        this.#padding -= taken
        at += taken
      } else {
        const wanted = this.#meta?.size ?? block
        const taken = Math.min(wanted - this.#partialBytes, chunk.length - at)
        const gathered = this.#gather(chunk.subarray(at, at + taken), wanted)
        at += taken
        if (gathered) this.#meta ? this.#readMeta(gathered, this.#meta) : this.#readHeader(gathered)
      }
    }
  }

  end(): void {
    const between = this.#left === 0 && this.#padding === 0 && this.#partialBytes === 0 && this.#meta === undefined
    if (!this.#ended && !between) throw new ProctorError('sandbox_lost', 'An archive from the container engine ended early.')
  }

  /** Whole headers are parsed where they lie; only one that spans two chunks is copied. */
  #gather(part: Buffer, wanted: number): Buffer | undefined {
    if (this.#partialBytes === 0 && part.length === wanted) return part
    // The chunk that it lies in may be overwritten before the rest of it comes.
    this.#partial.push(Buffer.from(part))
    this.#partialBytes += part.length
    if (this.#partialBytes < wanted) return undefined
    const whole = Buffer.concat(this.#partial)
    this.#partial = []
    this.#partialBytes = 0
    return whole
  }

  #readHeader(header: Buffer): void {
    // Two zero blocks end an archive; what follows is padding. One is enough for us.
    if (header[0] === 0 && header[148] === 0) {
      this.#ended = true
      return
    }
    if (!hasChecksum(header))
      throw new ProctorError('sandbox_lost', 'An archive from the container engine cannot be read: a checksum is wrong.')
    const kind = String.fromCharCode(header[156] ?? 0)
    const size = readNumber(header.subarray(124, 136))
    if ('xgLK'.includes(kind)) {
      if (size > maxHeader) throw new ProctorError('sandbox_lost', 'An archive from the container engine holds a header that is too large.')
      this.#meta = { kind, size }
      if (size === 0) this.#meta = undefined
      return
    }
    this.#begin(kind, header, this.#long.size ?? size)
  }

  #begin(kind: string, header: Buffer, size: number): void {
    const found = this.#long.name ?? shortName(header)
    const type = kinds[kind] ?? 'special'
    const holds = type === 'file' || type === 'special' ? size : 0
    const name = found.endsWith('/') ? found.replace(/\/+$/, '') : found
    const target = this.#long.target ?? text(header, 157, 100)
    this.#long = {}
    this.#sink = this.#visitor.entry({
      name,
      type: type === 'file' && found.endsWith('/') ? 'dir' : type,
      mode: readNumber(header.subarray(100, 108)) & 0o7777,
      size: holds,
      target,
    })
    this.#left = holds
    this.#padding = (block - (holds % block)) % block
    if (holds === 0) this.#finish()
  }

  #finish(): void {
    this.#sink?.end()
    this.#sink = undefined
  }

  #readMeta(bytes: Buffer, { kind, size }: { kind: string; size: number }): void {
    this.#meta = undefined
    this.#padding = (block - (size % block)) % block
    if (kind === 'L') this.#long.name = text(bytes, 0, size)
    if (kind === 'K') this.#long.target = text(bytes, 0, size)
    if (kind !== 'x') return
    const records = readPax(bytes)
    this.#long = { ...this.#long, ...records }
  }
}

const kinds: Readonly<Record<string, TarEntry['type']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'dir',
}

function shortName(header: Buffer): string {
  const name = text(header, 0, 100)
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0'
  return isPosix && header[345] !== 0 ? `${text(header, 345, 155)}/${name}` : name
}

function text(bytes: Buffer, from: number, length: number): string {
  const end = bytes.indexOf(0, from)
  return bytes.toString('latin1', from, end === -1 || end > from + length ? from + length : end)
}

/** Octal text, or base-256 when the first bit is set: a size of 8 GiB and more has no octal form. */
function readNumber(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) === 0) return Number.parseInt(field.toString('latin1').replaceAll('\0', ' ').trim() || '0', 8)
  return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, (field[0] ?? 0) & 0x7f)
}

function hasChecksum(header: Buffer): boolean {
  let sum = 8 * 32
  for (let at = 0; at < 148; at++) sum += header[at] ?? 0
  for (let at = 156; at < block; at++) sum += header[at] ?? 0
  return sum === readNumber(header.subarray(148, 156))
}

/** Records are `length key=value\n` with the length in bytes, so that a value may hold anything. */
function readPax(bytes: Buffer): { name?: string; target?: string; size?: number } {
  const found: { name?: string; target?: string; size?: number } = {}
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at)
    const length = Number.parseInt(bytes.toString('latin1', at, space), 10)
    if (space === -1 || !(length > 0)) break
    const record = bytes.toString('latin1', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    const value = record.slice(equals + 1)
    const key = record.slice(0, equals)
    if (key === 'path') found.name = value
    if (key === 'linkpath') found.target = value
    if (key === 'size') found.size = Number(value)
    at += length
  }
  return found
}
