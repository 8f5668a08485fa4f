import { setTimeout as wait } from 'node:timers/promises'
import { toError } from '../../runner/domain/error.ts'
import type { Log } from '../log.ts'
import type { Backups } from '../store/backups.ts'

type BackingUp = {
  readonly backups: Backups
  readonly log: Log
  /** How old the newest backup may be. */
  readonly everyMs: number
  /** A server that was just started has something better to do. */
  readonly settleMs?: number
}
const againMs = 600_000

/**
 * Makes a backup whenever the newest is old enough, however often the server was started since, until it is disposed of. One that failed is
 * tried again after ten minutes.
 */
export function backUp({ backups, log, everyMs, settleMs = 60_000 }: BackingUp): AsyncDisposable {
  const stop = new AbortController()
  const { signal } = stop
  const pause = (ms: number) => wait(ms, undefined, { signal, ref: false }).catch(() => {})

  async function work(): Promise<void> {
    await pause(settleMs)
    while (!signal.aborted) await pause(await once())
  }
  /** ms until it has to be looked at again. */
  async function once(): Promise<number> {
    try {
      const newest = await backups.newest()
      // A clock that went back must not put it off for longer than that.
      const left = newest ? Math.min(newest.madeAt.getTime() + everyMs - Date.now(), everyMs) : 0
      if (left > 0) return left
      const { file, bytes } = await backups.keep({ signal })
      log.info({ file, bytes }, 'backed up')
      return everyMs
    } catch (error) {
      if (!signal.aborted) log.error({ error: toError(error).message }, 'the database was not backed up')
      return Math.min(againMs, everyMs)
    }
  }
  const done = work()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await done
    },
  }
}
