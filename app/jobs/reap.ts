import { setTimeout as wait } from 'node:timers/promises'
import { type Machine, openEngine } from '../../runner/adapters/preset.ts'
import { toError } from '../../runner/domain/error.ts'
import type { Log } from '../log.ts'

const everyMs = 60_000
type Tidying = { readonly machine: Pick<Machine, 'variables' | 'cacheDir'>; readonly log: Log }

/** Removes from the engine what workers that are gone left on it: now, and every minute until the signal, whether or not there is a job. */
export async function keepTidy({ machine, log }: Tidying, signal: AbortSignal): Promise<void> {
  await using engine = await openEngine(machine)
  while (!signal.aborted) {
    await engine.reap().then(
      (gone) => gone.length > 0 && log.info({ gone: gone.map(({ name }) => name) }, 'removed what was left'),
      (error: unknown) => log.warn({ error: toError(error).message }, 'the engine was not looked through'),
    )
    await wait(everyMs, undefined, { signal }).catch(() => {})
  }
}
