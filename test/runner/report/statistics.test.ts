import { describe, expect, test } from 'vitest'
import { passAtK, passHatK, wilson } from '../../../runner/report/statistics.ts'

describe('wilson', () => {
  // Roots of the score equation (p - q)^2 = z^2 q (1 - q) / n, found by bisection; 81 of 263 is the example of R. Newcombe (1998): 0.2553 to 0.3662.
  test.each([
    [0, 10, 0, 0.2775328],
    [1, 10, 0.01787621, 0.40415],
    [5, 10, 0.2365931, 0.7634069],
    [10, 10, 0.7224672, 1],
    [18, 20, 0.6989663, 0.9721335],
    [81, 263, 0.2552885, 0.3662096],
    [1, 1, 0.2065493, 1],
  ])('%i of %i', (hits, of, low, high) => {
    const interval = wilson(hits, of)
    expect(interval?.[0]).toBeCloseTo(low, 6)
    expect(interval?.[1]).toBeCloseTo(high, 6)
  })

  test('holds the rate, stays in 0..1, is symmetric, and narrows with more runs', () => {
    expect(wilson(0, 0)).toBeNull()
    for (let of = 1; of <= 60; of++)
      for (let hits = 0; hits <= of; hits++) {
        const [low, high] = wilson(hits, of) ?? [Number.NaN, Number.NaN]
        const [mirrorLow, mirrorHigh] = wilson(of - hits, of) ?? [Number.NaN, Number.NaN]
        expect(low).toBeGreaterThanOrEqual(0)
        expect(low).toBeLessThanOrEqual(hits / of)
        expect(high).toBeGreaterThanOrEqual(hits / of)
        expect(high).toBeLessThanOrEqual(1)
        expect(low + mirrorHigh).toBeCloseTo(1, 12)
        expect(high + mirrorLow).toBeCloseTo(1, 12)
        const [wideLow, wideHigh] = [low, high]
        const [narrowLow, narrowHigh] = wilson(hits * 4, of * 4) ?? [Number.NaN, Number.NaN]
        expect(narrowHigh - narrowLow).toBeLessThan(wideHigh - wideLow)
      }
  })
})

describe('pass@k and pass^k', () => {
  test('known values', () => {
    expect(passAtK(1, 2, 1)).toBeCloseTo(0.5, 12)
    expect(passAtK(1, 2, 2)).toBe(1)
    expect(passAtK(3, 10, 5)).toBeCloseTo(1 - 21 / 252, 12)
    expect(passHatK(8, 10, 3)).toBeCloseTo(56 / 120, 12)
    expect(passHatK(2, 10, 3)).toBe(0)
    expect(passAtK(0, 10, 3)).toBe(0)
  })

  test('are the means over every choice of k of the tries', () => {
    for (let tried = 1; tried <= 8; tried++)
      for (let passed = 0; passed <= tried; passed++)
        for (let k = 1; k <= tried; k++) {
          const choices = subsets(tried).filter((subset) => subset.length === k)
          const some = choices.filter((subset) => subset.some((index) => index < passed)).length / choices.length
          const all = choices.filter((subset) => subset.every((index) => index < passed)).length / choices.length
          expect(passAtK(passed, tried, k)).toBeCloseTo(some, 10)
          expect(passHatK(passed, tried, k)).toBeCloseTo(all, 10)
        }
  })

  test('hold for a thousand tries, where factorials would overflow', () => {
    expect(passAtK(500, 1000, 1)).toBeCloseTo(0.5, 10)
    expect(passHatK(999, 1000, 1000)).toBe(0)
    expect(passHatK(1000, 1000, 1000)).toBe(1)
  })
})

const subsets = (size: number): number[][] =>
  Array.from({ length: 2 ** size }, (_, bits) => Array.from({ length: size }, (_, index) => index).filter((index) => bits & (1 << index)))
