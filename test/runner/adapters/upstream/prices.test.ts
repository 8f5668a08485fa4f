import { expect, test } from 'vitest'
import { openPrices } from '../../../../runner/adapters/upstream/prices.ts'
import { noTokens } from '../../../../runner/domain/model-call.ts'

const million = 1_000_000
const input = { ...noTokens, input: 50_000 }

test('each kind of token has its own price', () => {
  const { cost } = openPrices()
  const tokens = { input: 10_000, cacheRead: 20_000, cacheWrite: 30_000, output: 40_000 }
  expect(cost('anthropic/claude-sonnet-4-5', tokens)).toBeCloseTo((10 * 3 + 20 * 0.3 + 30 * 3.75 + 40 * 15) / 1000, 10)
  expect(cost('openai/gpt-5', tokens)).toBeCloseTo((10 * 1.25 + 20 * 0.125 + 30 * 1.25 + 40 * 10) / 1000, 10)
})

test.each([
  ['anthropic/claude-opus-4-5-20251101', 5],
  ['anthropic/claude-opus-4-20250514', 15],
  ['openai/gpt-5-2025-08-07', 1.25],
  ['openai/gpt-5-mini-2025-08-07', 0.25],
  ['openai/gpt-5.1-codex-max', 1.25],
  ['openai/gpt-5.1-codex-mini', 0.25],
  ['openai/gpt-4o-2024-05-13', 5],
  ['gemini/gemini-2.5-flash-lite-preview-09-2025', 0.1],
  ['gemini/gemini-2.5-flash-preview-09-2025', 0.3],
])('%s costs %d dollars a million', (model, price) => {
  expect(openPrices().cost(model, input)).toBeCloseTo(price * 0.05, 10)
})

test.each(['openai/gpt-99', 'anthropic/claude-opus-9', 'anthropic/claude-opus-5-9', 'gpt-5', 'openai/gpt-5-mini-of-mine', 'acme/x'])(
  '%s has no price, rather than that of a neighbour',
  (model) => {
    expect(openPrices().cost(model, input)).toBeUndefined()
  },
)

test('a long prompt costs more in all its parts, the cached ones counted in', () => {
  const { cost } = openPrices()
  const long = { input: 100_000, cacheRead: 100_001, cacheWrite: 0, output: 1000 }
  expect(cost('gemini/gemini-2.5-pro', long)).toBeCloseTo((100_000 * 2.5 + 100_001 * 0.25 + 1000 * 15) / million, 10)
  expect(cost('gemini/gemini-2.5-pro', { ...long, cacheRead: 100_000 })).toBeCloseTo((100_000 * 1.375 + 1000 * 10) / million, 10)
})

test('prices of the repository come first: the exact name, else the longest beginning', () => {
  const prices = openPrices()
  prices.set({
    'openai/*': { input: 1, output: 1 },
    'openai/gpt-*': { input: 2, output: 2 },
    'openai/gpt-5': { input: 3, output: 3, cacheRead: 0 },
  })
  expect(prices.cost('openai/gpt-5', { ...input, cacheRead: million })).toBeCloseTo(0.15, 10)
  expect(prices.cost('openai/gpt-5-mini', input)).toBeCloseTo(0.1, 10)
  expect(prices.cost('openai/ours', { ...input, cacheRead: 50_000 })).toBeCloseTo(0.1, 10)
  expect(prices.cost('anthropic/claude-opus-5', input)).toBeCloseTo(0.25, 10)
})
