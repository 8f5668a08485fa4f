import { createHash } from 'node:crypto'
import type { Digest } from '../domain/blob.ts'

/** The digest of a plain JSON value: keys in order, nothing for what is undefined. Two machines get the same. */
export const digest = (value: unknown): Digest => digestBytes(canonical(value))

export const digestBytes = (bytes: string | Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** The digest of bytes that pass by, and how many they were. */
export async function digestStream(bytes: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; bytes: number }> {
  const hash = createHash('sha256')
  let count = 0
  for await (const chunk of bytes) {
    hash.update(chunk)
    count += chunk.byteLength
  }
  return { digest: `sha256:${hash.digest('hex')}`, bytes: count }
}

/** JSON with the keys of every object in code-unit order. Throws on what JSON cannot hold, for a digest of it would lie. */
export function canonical(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`
  }
  throw new TypeError(`no canonical form of ${typeof value}`)
}
