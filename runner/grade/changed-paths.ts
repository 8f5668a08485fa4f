import { readable } from '../lib/globs.ts'
import type { Change } from '../seams/room.ts'

/** Every path that the agent changed, also those that never entered grading: an author who forbids a path means all of them. */
export const changedPaths = ({ entries, withheld }: Change): readonly string[] => [
  ...new Set([...entries.map(({ path }) => path), ...withheld.map(({ path }) => path)]),
]

/** `1 changed path`, `3 changed paths`. */
export const countPaths = (count: number): string => `${count} changed ${count === 1 ? 'path' : 'paths'}`

const mostListed = 50

/** One a line; what does not fit is counted. */
export function listPaths(paths: readonly string[]): string {
  const more = paths.length - mostListed
  return [...paths.slice(0, mostListed).map((path) => `  ${readable(path)}`), ...(more > 0 ? [`  and ${more} more`] : [])].join('\n')
}
