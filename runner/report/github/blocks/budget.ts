/**
 * GitHub counts bytes where it says characters (65,535 of a check run's summary and of its text) and refuses what is longer. A page is
 * made of blocks, each of which closes what it opens; only whole blocks are ever left out.
 */
export const checkBytes = 65_000
/** Of a comment: 65,536 characters. */
export const commentBytes = 60_000
/** Of a job summary: 1 MiB a step. */
export const jobSummaryBytes = 1_000_000
/** Of a release: 125,000 characters, most of which are the author's own. */
export const releaseBytes = 20_000

export const bytesOf = (text: string): number => Buffer.byteLength(text)

/** The first step whose page fits. When none does: what fits of the last one, block by block from the top; at worst an empty page. */
export function fitted<Step>(
  steps: readonly Step[],
  { blocks, bytes }: { blocks: (step: Step) => readonly string[]; bytes: number },
): string {
  let last: readonly string[] = []
  for (const step of steps) {
    last = blocks(step)
    const page = pageOf(last)
    if (bytesOf(page) <= bytes) return page
  }
  const room = openRoom(bytes)
  for (const block of last) if (!room.add(block)) break
  return room.page()
}

const pageOf = (blocks: readonly string[]): string => (blocks.length === 0 ? '' : `${blocks.join(between)}\n`)
const between = '\n\n'

/** Takes whole blocks as long as they fit into a page of so many bytes. */
export function openRoom(bytes: number): { readonly left: number; add(block: string): boolean; page(): string } {
  const taken: string[] = []
  let left = bytes
  return {
    /** Bytes that one more block may have. */
    get left() {
      return Math.max(0, left - between.length)
    },
    add(block) {
      const needed = bytesOf(block) + (taken.length === 0 ? 1 : between.length)
      if (needed > left) return false
      left -= needed
      taken.push(block)
      return true
    },
    page: () => pageOf(taken),
  }
}

/** `most` of the entries, and how many more there are. */
export const some = <T>(entries: readonly T[], most: number): { readonly shown: readonly T[]; readonly more: number } => ({
  shown: entries.slice(0, most),
  more: Math.max(0, entries.length - most),
})
