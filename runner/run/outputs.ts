import { places } from '../agents/places.ts'
import type { BlobRef } from '../domain/blob.ts'
import type { Redactor } from '../lib/redact.ts'
import { scanTar, type TarEntry, type TarSink, type TarVisitor } from '../lib/tar.ts'
import type { Blobs } from '../seams/records.ts'
import type { Sandbox } from '../seams/sandbox.ts'

export type Outputs = { readonly files: readonly BlobRef[]; readonly warnings: readonly string[] }
export const outputLimits = { files: 100, fileBytes: 10 * 1024 * 1024, bytes: 50 * 1024 * 1024, read: 256 * 1024 * 1024 }

/** What the agent put into /home/user/outputs: plain files, capped, without secrets. What is left out is named in a warning. */
export async function takeOutputs(
  sandbox: Sandbox,
  { blobs, redactor }: { readonly blobs: Blobs; readonly redactor: Redactor },
): Promise<Outputs> {
  const tar = await sandbox.take(places.outputs)
  if (!tar) return { files: [], warnings: [] }
  const gathering = new Gathering(redactor)
  await scanTar(bounded(tar), gathering).catch((thrown) => {
    if (thrown !== tooMuch) throw thrown
    gathering.leave('everything after that', 'more than 256 MB to read')
  })
  const files: BlobRef[] = []
  for (const { name, bytes } of gathering.files) files.push(await blobs.put(one(bytes), name))
  return { files, warnings: gathering.warnings() }
}

const tooMuch = new Error('too much to read')

/** A sparse file of 1 TB is a short archive to write and a long one to read. */
async function* bounded(tar: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  let read = 0
  for await (const bytes of tar) {
    read += bytes.length
    if (read > outputLimits.read) throw tooMuch
    yield bytes
  }
}

class Gathering implements TarVisitor {
  readonly files: { name: string; bytes: Uint8Array }[] = []
  readonly #left = new Map<string, string[]>()
  readonly #redactor: Redactor
  #bytes = 0

  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  entry({ name, type, size }: TarEntry): TarSink | undefined {
    if (type === 'dir') return undefined
    const shown = this.#redactor.redact(
      Buffer.from(name, 'latin1')
        .toString('utf8')
        .replace(/^outputs\//, ''),
    )
    const why = this.#refusal(shown, type, size)
    if (why) return this.leave(shown, why)
    this.#bytes += size
    const chunks: Uint8Array[] = []
    return {
      write: (bytes) => chunks.push(Buffer.from(bytes)),
      end: () => this.#keep(shown, Buffer.concat(chunks)),
    }
  }

  warnings(): string[] {
    return [...this.#left].map(([why, names]) => {
      const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
      return `Not taken from ${places.outputs} (${why}): ${names.slice(0, 5).join(', ')}${more}`
    })
  }

  #refusal(name: string, type: TarEntry['type'], size: number): string | undefined {
    if (type !== 'file') return 'no plain file'
    if (name.length > 1024 || name.split('/').includes('..')) return 'its name'
    if (size > outputLimits.fileBytes) return 'larger than 10 MB'
    if (this.files.length >= outputLimits.files) return `more than ${outputLimits.files} files`
    return this.#bytes + size > outputLimits.bytes ? 'more than 50 MB together' : undefined
  }

  #keep(name: string, bytes: Buffer): void {
    if (!this.#redactor.holds(bytes)) return void this.files.push({ name, bytes })
    const text = bytes.toString('utf8')
    if (Buffer.from(text).equals(bytes)) this.files.push({ name, bytes: Buffer.from(this.#redactor.redact(text)) })
    else this.leave(name, 'it holds a credential')
  }

  leave(name: string, why: string): undefined {
    const names = this.#left.get(why)
    if (!names) this.#left.set(why, [name])
    else if (names.length < 10_000) names.push(name.slice(0, 200))
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
