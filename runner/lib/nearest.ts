/** The known name that `found` was probably meant to be, or undefined when none is close. Case, `-` and `_` do not count as a difference. */
export function nearest(found: string, known: Iterable<string>): string | undefined {
  if (found.length > 100) return undefined
  const wanted = fold(found)
  const allowed = Math.max(1, Math.floor(wanted.length / 3))
  let best: { name: string; distance: number } | undefined
  for (const name of known) {
    const folded = fold(name)
    if (Math.abs(folded.length - wanted.length) > allowed) continue
    const distance = edits(wanted, folded)
    if (distance <= allowed && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) best = { name, distance }
  }
  return best?.name
}

/** `; did you mean x?`, or all known names when none is close. */
export function didYouMean(found: string, known: readonly string[]): string {
  const close = nearest(found, known)
  if (close !== undefined) return `; did you mean \`${close}\`?`
  return known.length === 0 ? '' : `; known: ${listed(known)}`
}

/** At most twenty names, so that a message stays readable. */
export const listed = (names: readonly string[]): string =>
  names.length > 20 ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more` : names.join(', ')

const fold = (name: string) => name.toLowerCase().replaceAll(/[-_ ]/g, '')

/** Insertions, deletions, replacements and swaps of neighbours that lead from one to the other. */
function edits(from: string, to: string): number {
  let before: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const next = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1
      let least = Math.min(at(last, column) + 1, at(next, column - 1) + 1, at(last, column - 1) + same)
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) least = Math.min(least, at(before, column - 2) + 1)
      next.push(least)
    }
    before = last
    last = next
  }
  return at(last, to.length)
}
const at = (row: readonly number[], index: number) => row[index] ?? Number.POSITIVE_INFINITY
