import { noTokens, type Tokens } from '../../../domain/model-call.ts'
import type { ReadRequest, Refused, RouteRequest } from '../dialect.ts'

export type Fields = Readonly<Record<string, unknown>>

/** What a dialect makes of a request: `body` is what is sent. */
type Read = Omit<ReadRequest, 'body'> & { readonly body: Fields }

/**
 * Reads a request's JSON object and writes it anew, so that a provider sees exactly what was checked here: no field twice, no bytes beside it.
 * What is no JSON object is refused.
 */
export function jsonRequest({ body }: Pick<RouteRequest, 'body'>, read: (fields: Fields) => Read | Refused): ReadRequest | Refused {
  try {
    const fields = parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    if (!isFields(fields)) return { refused: 'The body of the request is no JSON object.' }
    const made = read(fields)
    return 'refused' in made ? made : { ...made, body: Buffer.from(JSON.stringify(made.body)) }
  } catch (thrown) {
    return {
      refused:
        thrown instanceof RangeError ? 'The body of the request is nested too deeply.' : 'The body of the request is no JSON in UTF-8.',
    }
  }
}

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
/** The objects of a list. */
export const items = (value: unknown): readonly Fields[] => list(value).filter(isFields)
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A number that JavaScript cannot hold is kept as it was written. That is slow, so only where one seems to be. */
function parse(json: string): unknown {
  if (!/[[:,\s]-?(?:\d{16,}|[\d.]+[eE]\+?\d{3,})[\s,}\]]/.test(json)) return JSON.parse(json)
  const keep = (_: string, value: unknown, { source = '' }: { source?: string } = {}) =>
    typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER) ? rawJson(source) : value
  return JSON.parse(json, keep)
}
// In Node since 22, and not yet in TypeScript's library.
const rawJson = (source: string): unknown => (JSON as unknown as { rawJSON(source: string): unknown }).rawJSON(source)

/** Why something that reaches beyond one answer is refused. */
export const beyond = (what: string): Refused => ({
  refused: `${what} reaches beyond the model's answer, and this run may not. It is let through only with \`network: open\` in agent.yaml.`,
})
export const serverTool = (name: string): Refused => beyond(`The tool ${short(name)}, which the provider itself would run,`)

/** What an agent wrote, in a message: bounded, on one line. */
const short = (name: string) => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)

/** Tiers that cost no more than the standard one. */
const usualTiers = new Set(['auto', 'default', 'standard', 'standard_only', 'flex'])
/** A tier that is asked for and has a price of its own, higher than the one that is listed. */
export const dearerTier = (tier: unknown): { readonly dearer?: string } =>
  tier == null || usualTiers.has(text(tier).toLowerCase()) ? {} : { dearer: `the tier ${short(text(tier) || 'of an unknown kind')}` }

/** Assumed when a request sets no limit of its own: most answers are a tenth of it, reasoning included. */
const usualOutput = 32_000
/** No model writes more in one answer. */
const mostOutput = 200_000
/** No model reads more at once. */
const mostInput = 2_000_000

/**
 * The most that a request is expected to use. Text and code have three to four bytes a token, and dense text hardly less than two; what a provider
 * adds by itself is some hundred tokens. `limits`: what the request says of its output, of which the largest counts.
 */
export function worstOf({ bytes, limits, answers = 1, writesCache = false }: Estimate): Tokens {
  const input = Math.min(mostInput, Math.ceil(bytes / 2) + 1000)
  const said = limits.filter((limit): limit is number => typeof limit === 'number' && limit >= 0)
  const each = said.length === 0 ? usualOutput : Math.min(mostOutput, Math.ceil(Math.max(...said)))
  const times = typeof answers === 'number' && answers > 1 ? Math.min(128, Math.ceil(answers)) : 1
  return { ...noTokens, [writesCache ? 'cacheWrite' : 'input']: input, output: each * times }
}
type Estimate = {
  readonly bytes: number
  readonly limits: readonly unknown[]
  /** How many answers are asked for at once. */
  readonly answers?: unknown
  readonly writesCache?: boolean
}
