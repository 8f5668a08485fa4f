import type { DiffStat, TreeDiff } from '../../seams/trees.ts'

/**
 * Reads what `git diff-tree --numstat -z -p` says: `added TAB removed TAB path NUL` per file (`- TAB -` when binary; after a rename the path
 * is empty, and `from NUL to NUL` follow), an empty record, then the patch, of which no more than `maxPatch` bytes are asked for.
 */
export async function readDiff(
  output: AsyncIterable<Buffer>,
  { maxPatch, lines }: { maxPatch: number; lines: ReadonlyMap<string, number> },
): Promise<TreeDiff> {
  const stat: DiffStat[] = []
  const patch: Buffer[] = []
  let bytes = 0
  let head: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of output) {
    let rest = chunk
    if (head !== undefined) {
      const read = readStat(Buffer.concat([head, chunk]), stat)
      head = read.ended ? undefined : read.rest
      if (!read.ended) continue
      rest = read.rest
    }
    patch.push(rest)
    bytes += rest.length
    if (bytes > maxPatch) break
  }
  const whole = Buffer.concat(patch)
  return { patch: whole.subarray(0, maxPatch), cut: whole.length > maxPatch, stat: stat.map((one) => counted(one, lines)) }
}

/** Takes whole records off the front. */
function readStat(bytes: Buffer, stat: DiffStat[]): { ended: boolean; rest: Buffer } {
  let at = 0
  for (;;) {
    const end = bytes.indexOf(0, at)
    if (end === -1) return { ended: false, rest: bytes.subarray(at) }
    if (end === at) return { ended: true, rest: bytes.subarray(end + 1) }
    const [added = '', removed = '', path = ''] = splitThree(bytes.toString('latin1', at, end))
    const lines = { added: added === '-' ? -1 : Number(added), removed: removed === '-' ? -1 : Number(removed) }
    if (path !== '') {
      stat.push({ path, ...lines })
      at = end + 1
      continue
    }
    const middle = bytes.indexOf(0, end + 1)
    const last = middle === -1 ? -1 : bytes.indexOf(0, middle + 1)
    if (last === -1) return { ended: false, rest: bytes.subarray(at) }
    stat.push({ path: bytes.toString('latin1', middle + 1, last), from: bytes.toString('latin1', end + 1, middle), ...lines })
    at = last + 1
  }
}

function splitThree(record: string): string[] {
  const first = record.indexOf('\t')
  const second = record.indexOf('\t', first + 1)
  return [record.slice(0, first), record.slice(first + 1, second), record.slice(second + 1)]
}

const counted = (one: DiffStat, lines: ReadonlyMap<string, number>): DiffStat => {
  const added = lines.get(one.path)
  return added === undefined || one.added !== -1 ? one : { ...one, added, removed: Math.max(0, one.removed) }
}
