import type { Json } from '../../../domain/blob.ts'
import { type Asked, isList, isTree } from './question.ts'
import { questionsOf, readRequest, type Shelf } from './shelf.ts'

export type Nearest = { readonly id: string; readonly difference: Difference }
/** Where two requests first differ, and what stands there on both sides. */
type Difference = { readonly at: string; readonly recorded: string; readonly asked: string }

/** So many recorded requests are compared at most: it is for a message. */
const mostCompared = 500
/** Characters around the place where two texts begin to differ. */
const shownBefore = 30
const shownAfter = 60

/** The recorded request that is most like `asked`: same provider and path first, then the same model, then as much of the same text as possible. */
export async function nearest(shelf: Shelf, asked: Asked): Promise<Nearest | undefined> {
  const wanted = leavesOf(asked)
  let best: { readonly id: string; readonly found: Leaves; readonly likeness: number } | undefined
  for (const id of (await questionsOf(shelf)).slice(0, mostCompared)) {
    const request = await readRequest(shelf, id)
    if (!request) continue
    const found = leavesOf(request)
    const likeness = likenessOf(found, wanted)
    if (!best || likeness > best.likeness) best = { id, found, likeness }
  }
  return best && { id: best.id, difference: difference(best.found, wanted) }
}

/** Path -> text, the model first. */
type Leaves = ReadonlyMap<string, string>

function leavesOf({ provider, method, path, query, body }: Asked): Leaves {
  const model = isTree(body) ? (body.model ?? null) : null
  const leaves = new Map<string, string>()
  for (const [name, value] of Object.entries({ provider, path, model, method, query })) leaves.set(name, text(value))
  for (const [place, value] of walk(body, '')) leaves.set(place === '' ? 'body' : place, value)
  return leaves
}

function* walk(value: Json, path: string): Generator<[string, string]> {
  if (isList(value)) for (const [index, inner] of value.entries()) yield* walk(inner, `${path}[${index}]`)
  else if (isTree(value)) for (const [key, inner] of Object.entries(value)) yield* walk(inner, path === '' ? key : `${path}.${key}`)
  else yield [path, text(value)]
}

const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** 0 to 1 for the text, and more for each of what tells questions apart coarsely. */
function likenessOf(found: Leaves, wanted: Leaves): number {
  const same = (name: string) => (found.get(name) === wanted.get(name) ? 1 : 0)
  let common = 0
  let all = 1
  for (const place of new Set([...wanted.keys(), ...found.keys()])) {
    const [a = '', b = ''] = [found.get(place), wanted.get(place)]
    common += commonStart(a, b)
    all += Math.max(a.length, b.length)
  }
  return 8 * same('provider') + 4 * same('path') + 2 * same('model') + common / all
}

function difference(found: Leaves, wanted: Leaves): Difference {
  for (const place of new Set([...wanted.keys(), ...found.keys()])) {
    const [recorded, asked] = [found.get(place), wanted.get(place)]
    if (recorded === asked) continue
    const start = commonStart(recorded ?? '', asked ?? '')
    const at = start === 0 || recorded === undefined || asked === undefined ? place : `${place}, after ${start} characters`
    return { at, recorded: excerpt(recorded, start), asked: excerpt(asked, start) }
  }
  return { at: 'nowhere', recorded: '', asked: '' }
}

function excerpt(text: string | undefined, at: number): string {
  if (text === undefined) return 'nothing'
  const [from, to] = [Math.max(0, at - shownBefore), at + shownAfter]
  return `${from > 0 ? '...' : ''}${JSON.stringify(text.slice(from, to))}${to < text.length ? '...' : ''}`
}

function commonStart(a: string, b: string): number {
  if (a === b) return a.length
  const most = Math.min(a.length, b.length)
  let at = 0
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++
  return at
}
