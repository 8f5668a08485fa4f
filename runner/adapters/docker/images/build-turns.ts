import { setTimeout as sleep } from 'node:timers/promises'
import { ProctorError } from '../../../domain/error.ts'

/** How often it is looked whether a build that nobody may wait for in line has ended. */
const lookEveryMs = 500

/** Where several machines or processes build for one organisation: who comes waits for its turn, instead of being refused. */
export type BuildTurns = {
  /** Waits until nobody else builds; disposing gives the turn away. Rejects when the signal is aborted. */
  take(signal: AbortSignal): Promise<AsyncDisposable>
  /** A failure that was noted before is no answer to what is asked now: it is built again, once. */
  readonly since: Date
}

/** Does it as soon as no other process of this machine is at it. */
export async function patiently<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch (thrown) {
      if (!(thrown instanceof ProctorError) || thrown.code !== 'image_not_ready') throw thrown
      await sleep(lookEveryMs, undefined, { signal })
    }
  }
}
