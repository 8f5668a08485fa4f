import { encodeFrame, type FrameHead, FrameReader } from './frames.ts'

/**
 * The work: what an agent changed in its tree, whole and uncut. A row of frames (lib/frames.ts): deletions, then files and links.
 * `p` = path as bytes in base64, `t` = file | link | gone, `x` = executable, `b` = bytes of the content, which follow as the bodies of
 * this frame and of frames without `p`. Made for streaming: a reader never needs more than one frame in memory.
 */
export type WorkEntry = { readonly path: string } & (
  | { readonly type: 'gone' }
  | { readonly type: 'link'; readonly bytes: number }
  | { readonly type: 'file'; readonly executable: boolean; readonly bytes: number }
)
/** Bytes of content in one frame. */
export const workChunk = 512 * 1024

/** `first` = the content's beginning, at most `workChunk`; the rest follows as `encodeMore`. */
export function encodeWork(entry: WorkEntry, first?: Uint8Array): Uint8Array {
  const head = { p: Buffer.from(entry.path, 'latin1').toString('base64'), t: entry.type }
  if (entry.type === 'gone') return encodeFrame(head)
  return encodeFrame({ ...head, ...(entry.type === 'file' && entry.executable ? { x: true } : {}), b: entry.bytes }, first)
}
export const encodeMore = (bytes: Uint8Array): Uint8Array => encodeFrame({}, bytes)

/** Content of any length as the frames of one entry. */
export async function* encodeContent(entry: WorkEntry, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield encodeWork(entry)
  for await (const bytes of content)
    for (let at = 0; at < bytes.length; at += workChunk) yield encodeMore(bytes.subarray(at, at + workChunk))
}

/** Entries in order. Each content must be read to its end before the next entry is asked for. Throws on a work that was cut short. */
export async function* readWork(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ entry: WorkEntry; content: AsyncGenerator<Uint8Array> }> {
  const frames = eachFrame(bytes)
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const entry = toEntry(next.value.head)
    yield { entry, content: contentOf(entry.type === 'gone' ? 0 : entry.bytes, next.value.body, frames) }
  }
}

type Frame = { readonly head: FrameHead; readonly body: Uint8Array }

async function* contentOf(bytes: number, first: Uint8Array, frames: AsyncGenerator<Frame>): AsyncGenerator<Uint8Array> {
  let left = bytes - first.length
  if (first.length > 0) yield first
  while (left > 0) {
    const next = await frames.next()
    if (next.done || next.value.head.p !== undefined) throw new Error('a stored work ends inside a file')
    left -= next.value.body.length
    yield next.value.body
  }
}

async function* eachFrame(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let ready: Frame[] = []
  const reader = new FrameReader((head, body) => ready.push({ head, body }))
  for await (const chunk of bytes) {
    reader.push(chunk)
    const now = ready
    ready = []
    yield* now
  }
  if (reader.skipped > 0) throw new Error('a stored work is damaged')
}

function toEntry(head: FrameHead): WorkEntry {
  const { p, t, x, b } = head
  if (typeof p !== 'string') throw new Error('a stored work has content without a path')
  const path = Buffer.from(p, 'base64').toString('latin1')
  if (t === 'gone') return { path, type: 'gone' }
  if (typeof b !== 'number' || (t !== 'file' && t !== 'link')) throw new Error('a stored work has an entry of no known type')
  return t === 'link' ? { path, type: 'link', bytes: b } : { path, type: 'file', executable: x === true, bytes: b }
}
