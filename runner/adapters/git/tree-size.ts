import { join } from 'node:path'
import { type meter, Refused } from '../fetch/guard.ts'
import { git } from './git-process.ts'

/** A submodule's place in a tree, and the commit that belongs there. */
export type Link = { readonly path: string; readonly commit: string }
type Options = {
  /** Holds the repository, in `.git`. */
  readonly folder: string
  readonly path: string | undefined
  readonly count: ReturnType<typeof meter>
  readonly signal: AbortSignal
}

/** A name that is longer is no name. */
const longestLine = 16_384

/**
 * Counts what a checkout of the commit would write, before it writes: a few kilobytes of history can name a billion files, or one of many
 * gigabytes, or folders in folders with nothing in them. Returns its submodules. Throws `Refused`.
 */
export async function measureTree(commit: string, { folder, path, count, signal }: Options): Promise<Link[]> {
  const links: Link[] = []
  let rest = ''
  for await (const bytes of git(['ls-tree', '-r', '-t', '-l', '-z', commit], { repository: join(folder, '.git'), path, signal })) {
    const lines = (rest + bytes.toString('latin1')).split('\0')
    rest = lines.pop() ?? ''
    if (rest.length > longestLine) throw new Refused('a name in it is too long')
    for (const line of lines) {
      const [, mode, object = '', size, name = ''] = /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line) ?? []
      count.entry()
      if (mode === '160000') links.push({ path: Buffer.from(name, 'latin1').toString('utf8'), commit: object })
      else if (mode !== '040000') count.bytes(Number(size))
    }
  }
  return links
}
