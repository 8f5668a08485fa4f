import { codes, ProctorError } from '../../../domain/error.ts'

export type PrepareOptions = { readonly signal: AbortSignal; readonly onLog?: (text: string) => void }
type Joined = { readonly signal: AbortSignal; readonly onLog: (text: string) => void }
export type Flights<T> = {
  /** Starts `work` for the key, or joins the one under way, or returns what it came to. */
  join(key: string, options: PrepareOptions, work: (joined: Joined) => Promise<T>): Promise<T>
}

type Flight<T> = {
  readonly result: Promise<T>
  readonly abort: AbortController
  readonly listeners: Set<(text: string) => void>
  waiting: number
}

/**
 * One piece of work for all who ask for the same. Who gives up leaves the others their work; when all have, it is stopped.
 * A result is kept, and so is a failure that asking again would not change; a fault of the machine is forgotten. Without `keep`
 * only work under way is shared.
 */
export function openFlights<T>({ keep = true }: { readonly keep?: boolean } = {}): Flights<T> {
  const flights = new Map<string, Flight<T>>()
  return {
    async join(key, { signal, onLog }, work) {
      signal.throwIfAborted()
      const flight = flights.get(key) ?? start(key, work)
      if (onLog) flight.listeners.add(onLog)
      flight.waiting += 1
      const left = Promise.withResolvers<never>()
      const leave = () => left.reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      try {
        return await Promise.race([flight.result, left.promise])
      } finally {
        signal.removeEventListener('abort', leave)
        if (onLog) flight.listeners.delete(onLog)
        flight.waiting -= 1
        if (flight.waiting === 0 && signal.aborted) {
          flight.abort.abort(signal.reason)
          if (flights.get(key) === flight) flights.delete(key)
        }
      }
    },
  }

  function start(key: string, work: (joined: Joined) => Promise<T>): Flight<T> {
    const abort = new AbortController()
    const listeners: Flight<T>['listeners'] = new Set()
    const onLog = (text: string) => {
      for (const listener of listeners) listener(text)
    }
    const result = work({ signal: abort.signal, onLog })
    const flight = { result, abort, listeners, waiting: 0 }
    flights.set(key, flight)
    const forget = () => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    result.then(
      () => keep || forget(),
      (thrown) => (keep && thrown instanceof ProctorError && codes[thrown.code].class === 'author') || forget(),
    )
    return flight
  }
}
