import type { Readable } from 'node:stream'
import { extract, type Header } from 'tar-stream'

export type TarEntry = { readonly header: Header; readonly body: AsyncIterable<Uint8Array>; skip(): void }

/** Entries of a tar, one at a time. Each body must be read to its end, or skipped, before the next entry comes. */
export async function* readTar(tar: Readable): AsyncGenerator<TarEntry> {
  const reader = extract()
  tar.on('error', (error) => reader.destroy(error))
  // streamx streams take node's and are async iterable; their types say neither.
  tar.pipe(reader as unknown as NodeJS.WritableStream)
  for await (const entry of reader as unknown as AsyncIterable<AsyncIterable<Uint8Array> & { header: Header; resume(): void }>) {
    yield { header: entry.header, body: entry, skip: () => entry.resume() }
  }
}
