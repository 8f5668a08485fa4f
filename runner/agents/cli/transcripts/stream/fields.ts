import type { Json } from '../../../../domain/blob.ts'
import { clip } from '../../../../lib/clip.ts'

/** An object that came in as JSON: any key may be missing, any value of another type than expected. */
export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
export const fields = (value: unknown): Fields => (isFields(value) ? value : {})
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
export const whole = (value: unknown): number | undefined => (Number.isSafeInteger(value) ? (value as number) : undefined)
/** A count or an amount of money: zero when it is neither. */
export const amount = (value: unknown): number => (typeof value === 'number' && value > 0 && value < 1e12 ? value : 0)

/** The text of a message or a result: a string, or blocks of which the texts count. */
export const contentText = (content: unknown): string =>
  text(content) ??
  list(content)
    .flatMap((block) => text(fields(block).text) ?? [])
    .join('\n')

/** The object that a line holds; undefined when it holds anything else. */
export function parseFields(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A time as ISO 8601 or in milliseconds. What lies outside of this century is no clock's doing: then `otherwise`. */
export function time(value: unknown, otherwise: Date): Date {
  const at = new Date(typeof value === 'string' || typeof value === 'number' ? value : Number.NaN)
  return at >= centuryBegins && at < centuryEnds ? at : otherwise
}
const centuryBegins = new Date('2000-01-01')
const centuryEnds = new Date('2100-01-01')

/** Bytes of UTF-8 that a text may keep. Recorders keep less, so nobody sees what is left of a secret at a cut. */
export const maxText = 32 * 1024

/** A text clipped, and copied: a slice would hold on to all that it was cut from. */
export const short = (value: string): string => Buffer.from(clip(value, maxText).text).toString()

/** A bounded copy of what came in as JSON: texts clipped, what is too much or too deep replaced by a note. */
export function toJson(value: unknown): Json {
  let room = 4 * maxText
  const copy = (each: unknown, depth: number): Json => {
    room -= 8
    if (room < 0 || depth > 32) return '[... cut ...]'
    if (typeof each === 'string') {
      const kept = short(each)
      room -= kept.length
      return kept
    }
    if (Array.isArray(each)) return entriesOf(each, () => room).map((item) => copy(item, depth + 1))
    if (isFields(each)) {
      // fromEntries defines `__proto__` like any other key.
      return Object.fromEntries(
        entriesOf(Object.keys(each), () => room).map((key) => {
          room -= key.length
          return [short(key), copy(each[key], depth + 1)]
        }),
      )
    }
    if (typeof each === 'number') return Number.isFinite(each) ? each : null
    return typeof each === 'boolean' ? each : null
  }
  return copy(value, 0)
}

/** No more than could still be kept, so that a copy costs what it keeps and not what came. */
const entriesOf = <T>(all: readonly T[], room: () => number): readonly T[] => all.slice(0, Math.max(1, Math.ceil(room() / 8)))
