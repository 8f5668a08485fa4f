/**
 * Wilson score interval of a proportion, 95%: [low, high] in 0..1, or null when nothing was counted. It stays inside 0..1 and
 * says something at 0 of n and n of n, which the normal interval does not.
 * E. B. Wilson, "Probable inference", JASA 22 (1927).
 */
export function wilson(hits: number, of: number): readonly [number, number] | null {
  if (of === 0) return null
  const rate = hits / of
  const z2 = z * z
  const middle = (rate + z2 / (2 * of)) / (1 + z2 / of)
  const half = (z / (1 + z2 / of)) * Math.sqrt((rate * (1 - rate)) / of + z2 / (4 * of * of))
  return [hits === 0 ? 0 : middle - half, hits === of ? 1 : middle + half]
}
/** The 97.5% quantile of the standard normal distribution. */
const z = 1.959963984540054

/**
 * Chance that at least one of k tries passes, from `passed` of `tried`: 1 - C(n-c, k) / C(n, k), which unlike 1 - (1 - c/n)^k has no bias.
 * M. Chen et al., "Evaluating large language models trained on code" (2021). Needs 1 <= k <= tried.
 */
export function passAtK(passed: number, tried: number, k: number): number {
  return 1 - allChosen(tried - passed, tried, k)
}

/** Chance that all of k tries pass: C(c, k) / C(n, k). */
export function passHatK(passed: number, tried: number, k: number): number {
  return allChosen(passed, tried, k)
}

/** C(some, k) / C(all, k), as a product, so that no factorial overflows. */
function allChosen(some: number, all: number, k: number): number {
  if (some < k) return 0
  let chance = 1
  for (let i = 0; i < k; i++) chance *= (some - i) / (all - i)
  return chance
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Exact McNemar test, two-sided: how likely at least so uneven a split of the pairs that changed is, when each of them could have
 * gone either way. `worse` pass before and fail after, `better` the other way round.
 * Q. McNemar, Psychometrika 12 (1947); exact form: the sign test.
 */
export function mcnemar(worse: number, better: number): number {
  const changed = worse + better
  let [term, tail] = [-changed * Math.LN2, 0] // logarithms, so that thousands of pairs do not vanish
  for (let i = 0; i <= Math.min(worse, better); i++) {
    tail += Math.exp(term)
    term += Math.log((changed - i) / (i + 1))
  }
  return Math.min(1, 2 * tail)
}

/** The fewest of `of` pairs that, all changing in one direction, are told from chance at 5%; null when not even all of them are. */
export function fewestToTell(of: number): number | null {
  let needed = 1
  while (mcnemar(needed, 0) > 0.05) needed++
  return needed <= of ? needed : null
}
