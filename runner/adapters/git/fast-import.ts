import { scanTree } from '../../lib/tree-tar.ts'
import type { TreeChange } from '../../seams/trees.ts'
import { bigFile, type Pipe } from './git-process.ts'

/** Feeds the tar of a tree to `git fast-import`, as one commit. What is left out of every tree is left out here. */
export async function commitBaseline({ ref, tar, stdin }: { ref: string; tar: AsyncIterable<Uint8Array>; stdin: Pipe }): Promise<void> {
  const came = new Map<string, { mode: string; oid: string }>()
  let file = { path: '', mode: '' }
  stdin.write(commit(ref))
  await scanTree(tar, {
    begin({ path, mode, bytes }) {
      file = { path, mode }
      stdin.write(modify(path, mode, 'inline'))
      stdin.write(`data ${bytes}\n`)
    },
    content: (bytes) => stdin.write(bytes),
    end(oid) {
      stdin.write('\n')
      came.set(file.path, { mode: file.mode, oid })
    },
    hardlink(path, target) {
      const same = came.get(target)
      if (same) stdin.write(modify(path, same.mode, same.oid))
    },
    settle: () => stdin.settle(),
  })
}

type Changes = {
  readonly ref: string
  readonly from: string
  readonly changes: AsyncIterable<TreeChange>
  readonly lines: Map<string, number>
}

/** Feeds changes as a commit on top of `from`. `lines` gets the length of texts that are too long for git to count. */
export function commitChanges({ ref, from, changes, lines }: Changes): (stdin: Pipe) => Promise<void> {
  return async (stdin) => {
    stdin.write(`${commit(ref)}from ${from}\n`)
    for await (const { path, after } of changes) {
      if (after === undefined) {
        stdin.write(Buffer.from(`D ${quoted(path)}\n`, 'latin1'))
        continue
      }
      stdin.write(modify(path, after.mode, 'inline'))
      stdin.write(`data ${after.bytes}\n`)
      const counter = after.bytes >= bigFile ? new LineCounter() : undefined
      for await (const bytes of after.content) {
        stdin.write(bytes)
        counter?.push(bytes)
        await stdin.settle()
      }
      stdin.write('\n')
      if (counter?.isText) lines.set(path, counter.lines)
    }
  }
}

const commit = (ref: string) => `commit ${ref}\ncommitter proctor <proctor> 0 +0000\ndata 0\n`
const modify = (path: string, mode: string, what: string) => Buffer.from(`M ${mode} ${what} ${quoted(path)}\n`, 'latin1')

/** C-style, so that a name may hold anything. */
const quoted = (path: string) =>
  `"${path.replaceAll(/[^\x20-\x7e]|["\\]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`

/** Text by git's own rule: no NUL in the first 8,000 bytes. */
class LineCounter {
  lines = 0
  isText = true
  #seen = 0

  push(bytes: Uint8Array): void {
    if (this.#seen < 8000 && bytes.subarray(0, 8000 - this.#seen).includes(0)) this.isText = false
    this.#seen += bytes.length
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) this.lines += 1
  }
}
