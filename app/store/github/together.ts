import { setTimeout as wait } from 'node:timers/promises'

type Waiting<T, R> = { readonly item: T; readonly since: number; resolve(result: R): void; reject(error: unknown): void }
type Doing<T, R> = {
  /** Gives a result for each, in their order. */
  act(items: readonly T[]): Promise<readonly R[]>
  /** Two that share a name are not done in one go. */
  namesOf(item: T): readonly string[]
  weightOf(item: T): number
  readonly most: { readonly items: number; readonly weight: number }
  /** Whether it may be the fault of one of them: then it is looked for, by halves, and the others are done. */
  isOnesFault(error: unknown): boolean
  /** ms that one go may take: then it has failed, whatever becomes of it, and the next one begins. Nobody waits for more than twice as long. */
  readonly patienceMs: number
}

/** ms in which nobody else came, and after which nobody is waited for. */
const gathering = { quietMs: 5, mostMs: 200 }

/** Does in one go what is asked for at the same time: one transaction for many costs little more than one for one. */
export function together<T, R>({ act, namesOf, weightOf, most, isOnesFault, patienceMs }: Doing<T, R>): (item: T) => Promise<R> {
  let waiting: Waiting<T, R>[] = []
  let isBusy = false

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, since: performance.now(), resolve, reject })
      if (!isBusy) void work()
    })

  async function work() {
    isBusy = true
    while (waiting.length > 0) {
      await comeIn()
      dropLate()
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

  /** Whoever asked was answered long ago. */
  function dropLate(): void {
    const before = performance.now() - 2 * patienceMs
    const late = waiting.filter(({ since }) => since < before)
    waiting = waiting.filter(({ since }) => since >= before)
    for (const { reject } of late) reject(new Error(`its turn did not come within ${(2 * patienceMs) / 1000} s`))
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
    if (taken.length === 0) return
    try {
      const results = await inTime(act(taken.map(({ item }) => item)), patienceMs)
      for (const [index, { resolve }] of taken.entries()) resolve(results[index] as R) // one for each
    } catch (error) {
      const half = Math.ceil(taken.length / 2)
      if (taken.length > 1 && isOnesFault(error)) for (const part of [taken.slice(0, half), taken.slice(half)]) await settle(part)
      else for (const { reject } of taken) reject(error)
    }
  }
}

/** What comes later than that is nobody's any more, a failure too. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const stop = new AbortController()
  const late = wait(ms, undefined, { signal: stop.signal }).then(() => Promise.reject(new Error(`it took more than ${ms / 1000} s`)))
  try {
    return await Promise.race([work, late])
  } finally {
    late.catch(() => {})
    stop.abort()
  }
}
