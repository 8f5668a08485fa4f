/** Hides a key that a provider, or what stands in for one, says back. */
export type KeyMask = {
  /** Whether a header may be handed on: it holds no part of the key, starred out in the middle or not. */
  mayShow(header: string): boolean
  /** Of bytes that pass by, in place. The key is starred out, lengths stay; what may be its beginning waits for the next bytes. */
  push(bytes: Uint8Array): Uint8Array
  end(): Uint8Array
}

/** Shorter ones are words of any text, and no keys. */
const shortestKey = 8
/** As much of a key in a row is no accident. */
const fragment = 8
const nothing = new Uint8Array()

export function openKeyMask(key: string): KeyMask {
  const secret = Buffer.from(key)
  if (secret.length < shortestKey) return { mayShow: () => true, push: (bytes) => bytes, end: () => nothing }
  let held: Uint8Array = nothing
  return {
    mayShow: (header) => !holdsFragment(header, key) && !isStarred(header, key),
    push(bytes) {
      const all = held.length === 0 ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : Buffer.concat([held, bytes])
      for (let at = all.indexOf(secret); at >= 0; at = all.indexOf(secret, at + secret.length)) all.fill('*', at, at + secret.length)
      const from = beginning(all, secret)
      held = all.subarray(from)
      return all.subarray(0, from)
    },
    end() {
      const rest = held
      held = nothing
      return rest
    },
  }
}

function holdsFragment(text: string, key: string): boolean {
  for (let at = 0; at + fragment <= text.length; at++) if (key.includes(text.slice(at, at + fragment))) return true
  return false
}

/** `sk-ab***yz`: as providers like to show keys. */
const isStarred = (text: string, key: string): boolean =>
  [...text.matchAll(/([\w-]*)(?:\*{2,}|\.{3,}|…)([\w-]*)/g)].some(
    ([, head = '', tail = '']) => (head.length > 1 && key.startsWith(head)) || (tail.length > 1 && key.endsWith(tail)),
  )

/** Where a beginning of the secret begins that reaches to the end of the bytes; their length when there is none. */
function beginning(bytes: Buffer, secret: Buffer): number {
  const first = secret[0] ?? 0
  const earliest = Math.max(0, bytes.length - secret.length + 1)
  for (let from = bytes.indexOf(first, earliest); from !== -1; from = bytes.indexOf(first, from + 1))
    if (bytes.compare(secret, 0, bytes.length - from, from) === 0) return from
  return bytes.length
}
