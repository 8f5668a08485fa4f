/**
 * What a comment of ours says about itself: `order` is [workflow run, attempt], `digest` is of what it shows. First line and second line
 * of the body, which nobody but its author can write; text of agents comes later, and holds no comment of HTML at all.
 */
export type Shown = {
  readonly key: string
  readonly order: readonly [runId: number, attempt: number]
  readonly revision: number
  readonly sha: string
  readonly digest: string
}

export const markerOf = (key: string): string => `<!-- proctor:v1 key=${encoded(key)} -->`

/** `page` under its marker and state. */
export const withMarker = (page: string, { key, order: [run, attempt], revision, sha, digest }: Shown): string =>
  `${markerOf(key)}\n<!-- proctor:state run=${run} attempt=${attempt} revision=${revision} sha=${word(sha)} digest=${word(digest)} -->\n\n${withoutComments(page)}`

/** What a body says about itself; undefined for everything that is not ours to the letter. Whose comment it is, GitHub says. */
export function parseMarker(body: string): Shown | undefined {
  const [first = '', second = ''] = body.split(/\r?\n/, 2)
  const key = /^<!-- proctor:v1 key=([\w.%]+) -->$/.exec(first)?.[1]
  const state = /^<!-- proctor:state run=(\d{1,15}) attempt=(\d{1,9}) revision=(\d{1,15}) sha=(\w*) digest=(\w*) -->$/.exec(second)
  const decoded = key === undefined ? undefined : decode(key)
  if (decoded === undefined || !state) return undefined
  const [, run, attempt, revision, sha = '', digest = ''] = state
  return { key: decoded, order: [Number(run), Number(attempt)], revision: Number(revision), sha, digest }
}

/** Is what was shown newer than what is to be shown? Then it stays. */
export function isNewer(shown: Pick<Shown, 'order' | 'revision'>, than: Pick<Shown, 'order' | 'revision'>): boolean {
  const [a, b] = [
    [...shown.order, shown.revision],
    [...than.order, than.revision],
  ]
  const at = a.findIndex((value, index) => value !== b[index])
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0)
}

/** Comments of HTML would look like a marker to whoever searches for one, in code too. */
export const withoutComments = (page: string): string => page.replaceAll('<!--', '‹!--')

/** Letters, digits, dots and percent signs: nothing that ends a comment. */
export const encoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(/[!'()*~-]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
const word = (text: string) => text.replace(/\W/g, '')

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
