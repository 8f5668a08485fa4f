import type { Log } from '../app/log.ts'

/** Fires when somebody wants the process to end. The second time it ends at once. */
export function stopSignal(log: Log): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130)
      log.info({ signal: name }, 'stopping')
      stop.abort()
    })
  return stop.signal
}

export const untilStopped = (log: Log): Promise<void> =>
  new Promise((done) => stopSignal(log).addEventListener('abort', () => done(), { once: true }))
