type Coalesced<T> = {
  /** Shows it now, or soon: then only if nothing newer comes before. Never throws. */
  offer(value: T): Promise<void>
  /** Nothing is shown after this but what is being sent at the moment; resolves when that is through. */
  end(): Promise<void>
}

/** Sends at most every so many milliseconds; the last value that was offered wins. `send` is not entered twice at once. */
export function coalesced<T>(everyMs: number, send: (value: T) => Promise<void>): Coalesced<T> {
  let next: { readonly value: T } | undefined
  let timer: NodeJS.Timeout | undefined
  let going: Promise<void> | undefined
  let last = Number.NEGATIVE_INFINITY
  let ended = false

  async function flush(): Promise<void> {
    const offered = next
    next = timer = undefined
    if (ended || offered === undefined) return
    await send(offered.value).catch(() => {}) // another one follows, and the last word is said elsewhere
    last = performance.now()
    going = undefined
    if (next !== undefined) later()
  }
  const later = () => {
    timer ??= setTimeout(() => {
      going = flush()
    }, everyMs).unref()
  }
  return {
    async offer(value) {
      if (ended) return
      next = { value }
      if (going !== undefined || timer !== undefined) return
      if (performance.now() - last < everyMs) return later()
      going = flush()
      await going
    },
    async end() {
      ended = true
      clearTimeout(timer)
      await going
    },
  }
}
