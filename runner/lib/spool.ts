import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A sequence of bytes of unknown length: in memory while small, then in a file that has no name, so that nothing is left of it
 * however the process ends. `append` copies; `settle` must be awaited now and then, for only it writes.
 */
export class Spool implements AsyncDisposable {
  readonly #memory: number
  /** What is not in the file yet. It begins at `#written`. */
  #tail: Buffer[] = []
  #tailBytes = 0
  #written = 0
  #file: FileHandle | undefined

  constructor(memory: number) {
    this.#memory = memory
  }

  get bytes(): number {
    return this.#written + this.#tailBytes
  }

  append(bytes: Uint8Array): void {
    this.#tail.push(Buffer.from(bytes))
    this.#tailBytes += bytes.length
  }

  async settle(): Promise<void> {
    if (this.#tailBytes <= this.#memory) return
    this.#file ??= await unnamedFile()
    const bytes = Buffer.concat(this.#tail)
    this.#tail = []
    this.#tailBytes = 0
    for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at, bytes.length - at, this.#written + at)).bytesWritten
    this.#written += bytes.length
  }

  /** Forgets what came after the first `bytes`. */
  truncate(bytes: number): void {
    if (bytes <= this.#written) {
      this.#written = bytes
      this.#tail = []
      this.#tailBytes = 0
      return
    }
    const rest = Buffer.concat(this.#tail).subarray(0, bytes - this.#written)
    this.#tail = [rest]
    this.#tailBytes = rest.length
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.#written && this.#file; ) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(Math.min(262_144, this.#written - at)), 0, undefined, at)
      if (bytesRead === 0) throw new Error('a temporary file became shorter')
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
    yield* this.#tail
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tail = []
    this.#tailBytes = 0
    this.#written = 0
    await this.#file?.close()
    this.#file = undefined
  }
}

async function unnamedFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'proctor-'))
  try {
    return await open(join(folder, 'spool'), 'wx+', 0o600)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
