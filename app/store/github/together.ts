type Waiting<T, R> = { readonly item: T; resolve(result: R): void; reject(error: unknown): void }
type Doing<T, R> = {
  /** Gives a result for each, in their order. */
  act(items: readonly T[]): Promise<readonly R[]>
  /** Two that share a name are not done in one go. */
  namesOf(item: T): readonly string[]
  weightOf(item: T): number
  readonly most: { readonly items: number; readonly weight: number }
  /** Whether it may be the fault of one of them: then each is tried alone. */
  isOnesFault(error: unknown): boolean
}

/** Does in one go what is asked for at the same time: one transaction for many costs little more than one for one. */
export function together<T, R>({ act, namesOf, weightOf, most, isOnesFault }: Doing<T, R>): (item: T) => Promise<R> {
  let waiting: Waiting<T, R>[] = []
  let isBusy = false

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!isBusy) void work()
    })

  async function work() {
    isBusy = true
    while (waiting.length > 0) await settle(take())
    isBusy = false
  }

  function take(): readonly Waiting<T, R>[] {
    const names = new Set<string>()
    const taken: Waiting<T, R>[] = []
    const left: Waiting<T, R>[] = []
    let weight = 0
    for (const one of waiting) {
      const own = namesOf(one.item)
      weight += weightOf(one.item)
      const fits = taken.length === 0 || (taken.length < most.items && weight <= most.weight)
      if (left.length === 0 && fits && own.every((name) => !names.has(name))) {
        taken.push(one)
        for (const name of own) names.add(name)
      } else left.push(one)
    }
    waiting = left
    return taken
  }

  async function settle(taken: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await act(taken.map(({ item }) => item))
      for (const [index, { resolve }] of taken.entries()) resolve(results[index] as R) // one for each
    } catch (error) {
      if (taken.length > 1 && isOnesFault(error)) for (const one of taken) await settle([one])
      else for (const { reject } of taken) reject(error)
    }
  }
}
