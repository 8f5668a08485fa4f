import { setTimeout as wait } from 'node:timers/promises'

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

/** ms in which nobody else came, and after which nobody is waited for. */
const gathering = { quietMs: 5, mostMs: 200 }

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
    while (waiting.length > 0) {
      await comeIn()
      await settle(take())
    }
    isBusy = false
  }

  /** A database inside of this process keeps requests from coming in while it works: first all come in, then it works. */
  async function comeIn(): Promise<void> {
    const until = performance.now() + gathering.mostMs
    for (let before = 0; before < waiting.length && performance.now() < until; ) {
      before = waiting.length
      await wait(gathering.quietMs)
    }
  }

  function take(): readonly Waiting<T, R>[] {
    const names = new Set<string>()
    const taken: Waiting<T, R>[] = []
    const left: Waiting<T, R>[] = []
    let weight = 0
    let isFull = false
    for (const one of waiting) {
      const own = namesOf(one.item)
      // Of those that share a name the first comes first, and keeps nobody else waiting.
      const isFirst = own.every((name) => !names.has(name))
      for (const name of own) names.add(name)
      isFull ||= taken.length > 0 && (taken.length === most.items || weight + weightOf(one.item) > most.weight)
      if (isFull || !isFirst) left.push(one)
      else {
        taken.push(one)
        weight += weightOf(one.item)
      }
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
