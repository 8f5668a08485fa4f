import { pack } from 'tar-stream'

/** A tar of text files. */
export function tarOf(files: Readonly<Record<string, string>>): AsyncIterable<Uint8Array> {
  const tar = pack()
  for (const [name, text] of Object.entries(files)) tar.entry({ name, mode: 0o644 }, text)
  tar.finalize()
  return tar
}
