import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'

/** One file of a tree; `path` is relative, POSIX, UTF-8. Content lies in a file of ours or in memory. */
export type TreeFile =
  | { readonly path: string; readonly executable: boolean; readonly content: { readonly file: string } | Uint8Array }
  | { readonly path: string; readonly link: string }

const epoch = new Date(0)
/** uid and gid of `user` in a sandbox. */
const owner = { uid: 1000, gid: 1000 }

/** A tar of the tree that depends on nothing but its content: entries sorted, times zero, two modes. */
export function packTree(files: readonly TreeFile[]): AsyncIterable<Uint8Array> {
  const tar = pack()
  void writeAll(files, tar).then(
    () => tar.finalize(),
    (error: Error) => tar.destroy(error),
  )
  // A streamx stream is async iterable; its types don't say so.
  return tar as unknown as AsyncIterable<Uint8Array>
}

async function writeAll(files: readonly TreeFile[], tar: ReturnType<typeof pack>): Promise<void> {
  for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const common = { name: file.path, mtime: epoch, ...owner }
    if ('link' in file) tar.entry({ ...common, type: 'symlink', linkname: file.link, mode: 0o777 })
    else if (file.content instanceof Uint8Array) tar.entry({ ...common, mode: mode(file) }, Buffer.from(file.content))
    else
      await pipeline(
        createReadStream(file.content.file),
        sink(tar.entry({ ...common, mode: mode(file), size: (await stat(file.content.file)).size })),
      )
  }
}

// streamx again: it is a writable stream to node, but not to its types.
const sink = (entry: unknown) => entry as NodeJS.WritableStream
const mode = ({ executable }: { executable: boolean }) => (executable ? 0o755 : 0o644)
