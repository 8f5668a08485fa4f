import { pack } from 'tar-stream'

/** A tar of text files. */
export function tarOf(files: Readonly<Record<string, string>>): AsyncIterable<Uint8Array> {
  const tar = pack()
  for (const [name, text] of Object.entries(files)) tar.entry({ name, mode: 0o644 }, text)
  tar.finalize()
  // A streamx stream: async iterable, which its types do not say.
  return tar as unknown as AsyncIterable<Uint8Array>
}
