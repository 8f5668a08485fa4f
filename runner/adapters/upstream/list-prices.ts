import type { Price } from '../../domain/model-call.ts'

/** `long`: what the whole call costs when its input, cached or not, has more tokens than `above`. */
export type ListPrice = Price & { readonly long?: Price & { readonly above: number } }

/** Anthropic: reading a cache costs a share of the input, writing one for five minutes a quarter more than the input. */
const claude = (input: number, output: number, read = 0.1): Price => ({ input, output, cacheRead: input * read, cacheWrite: input * 1.25 })
/** OpenAI and Gemini: only reading costs less; the newest of OpenAI's charge a quarter more for writing. */
const cached = (input: number, output: number, read = 0.1): Price => ({ input, output, cacheRead: input * read })
const writing = (input: number, output: number, read = 0.1): Price => ({ ...cached(input, output, read), cacheWrite: input * 1.25 })
/** OpenAI's long prompts: input twice, output one and a half times. */
const long272 = (price: Price, read = 0.1): ListPrice => ({
  ...price,
  long: { ...(price.cacheWrite === undefined ? cached : writing)(price.input * 2, price.output * 1.5, read), above: 272_000 },
})
const long200 = (price: Price, output: number): ListPrice => ({ ...price, long: { ...cached(price.input * 2, output), above: 200_000 } })

/**
 * List prices of the standard tier in US dollars per million tokens, as of November 2026. Batch, priority and flex tiers, and
 * tools that the provider charges for apart are not in here.
 */
export const listPrices: Readonly<Record<string, ListPrice>> = {
  'anthropic/claude-fable-5-1': claude(10, 50, 0.025),
  'anthropic/claude-fable-5': claude(10, 50),
  'anthropic/claude-opus-5-5': claude(4, 20, 0.05),
  'anthropic/claude-opus-5': claude(5, 25),
  'anthropic/claude-opus-4-8': claude(5, 25),
  'anthropic/claude-opus-4-7': claude(5, 25),
  'anthropic/claude-opus-4-6': claude(5, 25),
  'anthropic/claude-opus-4-5': claude(5, 25),
  'anthropic/claude-opus-4-1': claude(15, 75),
  'anthropic/claude-opus-4': claude(15, 75),
  'anthropic/claude-opus-4-0': claude(15, 75),
  'anthropic/claude-3-opus': claude(15, 75),
  'anthropic/claude-sonnet-5-5': claude(2, 10, 0.05),
  'anthropic/claude-sonnet-5': claude(2, 10),
  'anthropic/claude-sonnet-4-6': claude(3, 15),
  'anthropic/claude-sonnet-4-5': claude(3, 15),
  'anthropic/claude-sonnet-4': claude(3, 15),
  'anthropic/claude-sonnet-4-0': claude(3, 15),
  'anthropic/claude-3-7-sonnet': claude(3, 15),
  'anthropic/claude-3-5-sonnet': claude(3, 15),
  'anthropic/claude-haiku-5-5': { ...claude(0.1, 0.5), long: { ...claude(0.5, 2.5), above: 100_000 } },
  'anthropic/claude-haiku-4-5': claude(1, 5),
  'anthropic/claude-3-5-haiku': claude(0.8, 4),
  'anthropic/claude-3-haiku': { input: 0.25, output: 1.25, cacheRead: 0.03, cacheWrite: 0.3 },

  'openai/gpt-6.1-sol': long272(writing(2, 10, 0.05), 0.05),
  'openai/gpt-6.1-terra': long272(writing(1, 5, 0.05), 0.05),
  'openai/gpt-6-astra': long272(writing(10, 50)),
  'openai/gpt-6-sol': long272(writing(2, 10)),
  'openai/gpt-6-luna': long272(writing(0.1, 0.5)),
  'openai/gpt-5.6': long272(writing(5, 30)),
  'openai/gpt-5.6-sol': long272(writing(5, 30)),
  'openai/gpt-5.6-terra': long272(writing(2, 12)),
  'openai/gpt-5.6-luna': long272(writing(0.2, 1.2)),
  'openai/gpt-5.5': long272(cached(5, 30)),
  'openai/gpt-5.5-pro': long272(cached(30, 180)),
  'openai/gpt-5.4': long272(cached(2.5, 15)),
  'openai/gpt-5.4-pro': long272(cached(30, 180)),
  'openai/gpt-5.4-mini': cached(0.75, 4.5),
  'openai/gpt-5.4-nano': cached(0.2, 1.25),
  'openai/gpt-5.3*': cached(1.75, 14),
  'openai/gpt-5.2*': cached(1.75, 14),
  'openai/gpt-5.2-pro': { input: 21, output: 168 },
  'openai/gpt-5.1*': cached(1.25, 10),
  'openai/gpt-5.1-codex-mini': cached(0.25, 2),
  'openai/gpt-5': cached(1.25, 10),
  'openai/gpt-5-codex': cached(1.25, 10),
  'openai/gpt-5-chat': cached(1.25, 10),
  'openai/gpt-5-mini': cached(0.25, 2),
  'openai/gpt-5-nano': cached(0.05, 0.4),
  'openai/gpt-5-pro': { input: 15, output: 120 },
  'openai/gpt-4.1': cached(2, 8, 0.25),
  'openai/gpt-4.1-mini': cached(0.4, 1.6, 0.25),
  'openai/gpt-4.1-nano': cached(0.1, 0.4, 0.25),
  'openai/gpt-4o': cached(2.5, 10, 0.5),
  'openai/gpt-4o-2024-05-13': { input: 5, output: 15 },
  'openai/gpt-4o-mini': cached(0.15, 0.6, 0.5),
  'openai/o1': cached(15, 60, 0.5),
  'openai/o3': cached(2, 8, 0.25),
  'openai/o3-pro': { input: 20, output: 80 },
  'openai/o3-mini': cached(1.1, 4.4, 0.5),
  'openai/o4-mini': cached(1.1, 4.4, 0.25),
  'openai/text-embedding-3-small': { input: 0.02, output: 0 },
  'openai/text-embedding-3-large': { input: 0.13, output: 0 },

  'gemini/gemini-3.8-flash': cached(0.75, 3.75),
  'gemini/gemini-3.7-flash': cached(0.75, 3.75),
  'gemini/gemini-3.6-flash': cached(0.75, 3.75),
  'gemini/gemini-3.5-flash': cached(1.5, 9),
  'gemini/gemini-3.5-flash-lite': cached(0.3, 2.5),
  'gemini/gemini-3.1-pro*': long200(cached(2, 12), 18),
  'gemini/gemini-3.1-flash-lite*': cached(0.25, 1.5),
  'gemini/gemini-3-pro*': long200(cached(2, 12), 18),
  'gemini/gemini-3-flash*': cached(0.5, 3),
  'gemini/gemini-2.5-pro*': long200(cached(1.25, 10), 15),
  'gemini/gemini-2.5-flash': cached(0.3, 2.5),
  'gemini/gemini-2.5-flash-preview*': cached(0.3, 2.5),
  'gemini/gemini-2.5-flash-lite*': cached(0.1, 0.4),
}
