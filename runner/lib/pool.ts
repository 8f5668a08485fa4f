/** What shares a lane runs at most `cap` at a time. */
type Lane = { readonly name: string; readonly cap: number }
type Pool<T> = {
  readonly source: Iterable<T>
  readonly width: number
  readonly work: (item: T) => Promise<void>
  readonly signal: AbortSignal
  readonly lane?: (item: T) => Lane
}

/**
 * Works on what a source yields, at most `width` at once, and returns how many there were. The source is asked only when there is a
 * free hand, so it can decide late. An abort ends the asking, not the work: that has the signal itself. The first error ends it
 * too, and is thrown once all hands are idle.
 */
export async function pool<T>({ source, width, work, signal, lane }: Pool<T>): Promise<number> {
  const queue = new LaneQueue(source, lane)
  const errors: unknown[] = []
  let started = 0
  const active = new Set<Promise<void>>()
  for (;;) {
    while (active.size < width && !signal.aborted && errors.length === 0) {
      const next = queue.take()
      if (next === undefined) break
      started++
      const task: Promise<void> = work(next.item)
        .catch((error: unknown) => void errors.push(error))
        .finally(() => {
          queue.release(next.item)
          active.delete(task)
        })
      active.add(task)
    }
    if (active.size === 0) break
    await Promise.race(active)
  }
  if (errors.length > 0) throw errors[0]
  return started
}

/** Items whose lane is full wait aside, in their order, while later ones pass. */
class LaneQueue<T> {
  readonly #source: Iterator<T>
  readonly #lane: (item: T) => Lane
  readonly #busy = new Map<string, number>()
  readonly #aside = new Map<string, T[]>()

  constructor(source: Iterable<T>, lane: (item: T) => Lane = () => ({ name: '', cap: Number.POSITIVE_INFINITY })) {
    this.#source = source[Symbol.iterator]()
    this.#lane = lane
  }

  take(): { readonly item: T } | undefined {
    for (const waiting of this.#aside.values()) {
      const [first] = waiting
      if (first === undefined || !this.#isFree(first)) continue
      waiting.shift()
      return this.#start(first)
    }
    for (let next = this.#source.next(); !next.done; next = this.#source.next()) {
      if (this.#isFree(next.value)) return this.#start(next.value)
      const { name } = this.#lane(next.value)
      const waiting = this.#aside.get(name)
      if (waiting) waiting.push(next.value)
      else this.#aside.set(name, [next.value])
    }
    return undefined
  }

  release(item: T): void {
    const { name } = this.#lane(item)
    this.#busy.set(name, (this.#busy.get(name) ?? 1) - 1)
  }

  #isFree(item: T): boolean {
    const { name, cap } = this.#lane(item)
    return (this.#busy.get(name) ?? 0) < cap
  }

  #start(item: T): { readonly item: T } {
    const { name } = this.#lane(item)
    this.#busy.set(name, (this.#busy.get(name) ?? 0) + 1)
    return { item }
  }
}
