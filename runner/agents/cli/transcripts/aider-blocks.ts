/** `search` gives way to `replace` in a file. Both may be empty. */
export type Block = { readonly path: string; readonly search: string; readonly replace: string }

/**
 * A reply of the model in Aider's diff format, taken apart: a line with the path, a fence, and between marks the text to find and the text
 * to put there. `words` is all the rest. What only looks like a block stays among the words.
 */
export function blocksOf(reply: string): { readonly words: string; readonly blocks: readonly Block[] } {
  const lines = reply.split('\n')
  const words: string[] = []
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const end = search.test(lines[at] ?? '') ? endOf(lines, at) : undefined
    if (!end) {
      words.push(lines[at] ?? '')
      continue
    }
    const fenced = fence.test(words.at(-1) ?? '')
    if (fenced) words.pop()
    // A second block in one fence, or in one file, names it no more.
    const named = (words.at(-1) ?? '').trim()
    if (named && !/\s/.test(named)) words.pop()
    const path = named && !/\s/.test(named) ? named.replace(/^[`*#]+|[`*:]+$/g, '') : (blocks.at(-1)?.path ?? '')
    blocks.push({ path, search: textOf(lines.slice(at + 1, end.middle)), replace: textOf(lines.slice(end.middle + 1, end.last)) })
    at = end.last
    if (fenced && fence.test(lines[at + 1] ?? '')) at += 1
  }
  return {
    words: words
      .join('\n')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim(),
    blocks,
  }
}

/** Where a block that begins at a line has its middle and its end; undefined when it has none. */
function endOf(lines: readonly string[], begin: number): { readonly middle: number; readonly last: number } | undefined {
  let middle: number | undefined
  for (let at = begin + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (search.test(line)) return undefined
    if (middle === undefined && divider.test(line)) middle = at
    else if (middle !== undefined && replace.test(line)) return { middle, last: at }
  }
  return undefined
}

const search = /^<{5,9} SEARCH>?\s*$/
const divider = /^={5,9}\s*$/
const replace = /^>{5,9} REPLACE\s*$/
const fence = /^(```|~~~)/

export const beginsBlock = (line: string): boolean => search.test(line)
export const endsBlock = (line: string): boolean => replace.test(line)

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')
