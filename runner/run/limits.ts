import type { Limits } from '../domain/plan.ts'
import type { Ended } from '../domain/record.ts'
import type { Grant } from '../seams/gateway.ts'

/** `signal` aborts when the run is over before it ended by itself; `hit` says by what. The first wins. */
export type RunLimits = Disposable & {
  readonly signal: AbortSignal
  readonly hit: Ended | undefined
  readonly wallMs: number
  left(): number
}

/** The sandbox keeps the time too and ends a command more gently; this is for a sandbox that the agent has stopped. */
const graceMs = 1_000

/** Starts the wall clock. `meter`: the grant, which ends a run that has spent its budget or that nobody upstream answers. */
export function startLimits({ wallMs }: Limits, cancel: AbortSignal, meter?: Pick<Grant, 'over' | 'ending'>): RunLimits {
  const controller = new AbortController()
  const started = performance.now()
  let hit: Ended | undefined
  const end = (ended: Ended) => {
    hit ??= ended
    controller.abort()
  }
  const timer = setTimeout(end, wallMs + graceMs, { as: 'limit', limit: 'time' })
  const onCancel = () => end({ as: 'cancelled' })
  if (cancel.aborted) onCancel()
  cancel.addEventListener('abort', onCancel, { once: true })
  const onOver = () => end(meter?.ending ?? { as: 'cancelled' })
  if (meter?.over.aborted) onOver()
  meter?.over.addEventListener('abort', onOver, { once: true })
  return {
    signal: controller.signal,
    wallMs,
    get hit() {
      return hit
    },
    left: () => Math.max(1, wallMs - (performance.now() - started)),
    [Symbol.dispose]() {
      clearTimeout(timer)
      cancel.removeEventListener('abort', onCancel)
      meter?.over.removeEventListener('abort', onOver)
    },
  }
}
