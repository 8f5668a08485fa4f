import type { Price, Prices, Tokens } from '../../domain/model-call.ts'
import { type ListPrice, listPrices } from './list-prices.ts'

/** What a call costs: the user's prices first, then the list. */
export type PriceList = {
  /** US dollars of one call; undefined when the model has no price. `model` = provider/model. */
  cost(model: string, tokens: Tokens): number | undefined
  /** Over the built-in table. */
  set(prices: Prices): void
}
export const builtIn: Readonly<Record<string, ListPrice>> = listPrices

export function openPrices(): PriceList {
  let own: Prices = {}
  return {
    cost(model, tokens) {
      const price = priceIn<ListPrice>(own, model) ?? priceIn(builtIn, model)
      return price && costAt(tierOf(price, tokens), tokens)
    },
    set(prices) {
      own = prices
    },
  }
}

/** The model's own name counts first, then that name without its date, then the longest beginning that a `*` follows. */
export function priceIn<P extends Price>(prices: Readonly<Record<string, P>>, model: string): P | undefined {
  for (const name of [model, model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '')]) if (Object.hasOwn(prices, name)) return prices[name]
  const families = Object.keys(prices).filter((name) => name.endsWith('*') && model.startsWith(name.slice(0, -1)))
  const nearest = families.toSorted((a, b) => b.length - a.length)[0]
  return nearest === undefined ? undefined : prices[nearest]
}

const tierOf = (price: ListPrice, { input, cacheRead, cacheWrite }: Tokens): Price =>
  price.long && input + cacheRead + cacheWrite > price.long.above ? price.long : price

function costAt({ input, output, cacheRead = input, cacheWrite = input }: Price, tokens: Tokens): number {
  return (tokens.input * input + tokens.cacheRead * cacheRead + tokens.cacheWrite * cacheWrite + tokens.output * output) / 1e6
}
