/** US dollars per million tokens, list prices. A model that is not named costs nothing here: `doctor` says so. */
const prices: Readonly<Record<string, { readonly input: number; readonly output: number }>> = {
  'openai/gpt-5': { input: 1.25, output: 10 },
  'openai/gpt-5-mini': { input: 0.25, output: 2 },
  'openai/gpt-5-nano': { input: 0.05, output: 0.4 },
  'openai/gpt-4.1': { input: 2, output: 8 },
  'openai/gpt-4.1-mini': { input: 0.4, output: 1.6 },
  'openai/gpt-4o': { input: 2.5, output: 10 },
  'openai/gpt-4o-mini': { input: 0.15, output: 0.6 },
}

export const isPriced = (model: string): boolean => Object.hasOwn(prices, model)

/** Cost in US dollars. */
export function price(model: string, tokens: { readonly input: number; readonly output: number }): number {
  const { input, output } = prices[model] ?? { input: 0, output: 0 }
  return (tokens.input * input + tokens.output * output) / 1e6
}
