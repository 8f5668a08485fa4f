import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { untilAborted } from '../../../runner/agents/until-aborted.ts'
import { startLimits } from '../../../runner/run/limits.ts'

const never = new Promise<never>(() => {})

describe('limits', () => {
  it('the wall clock ends a run, a moment after the sandbox should have', async () => {
    using limits = startLimits({ wallMs: 50, turns: 1 }, new AbortController().signal)
    await expect(untilAborted(never, limits.signal)).resolves.toBeUndefined()
    expect(limits.hit).toEqual({ as: 'limit', limit: 'time' })
    expect(limits.left()).toBe(1)
  })

  it('the first one wins', async () => {
    const cancel = new AbortController()
    using limits = startLimits({ wallMs: 1, turns: 1 }, cancel.signal)
    cancel.abort()
    await sleep(1100)
    expect(limits.hit).toEqual({ as: 'cancelled' })
  })

  it('a run that was cancelled before it began has ended', () => {
    using limits = startLimits({ wallMs: 1000, turns: 1 }, AbortSignal.abort())
    expect(limits.signal.aborted).toBe(true)
    expect(limits.hit).toEqual({ as: 'cancelled' })
  })

  it('nothing is hit by a run that ends in time', async () => {
    const limits = startLimits({ wallMs: 60_000, turns: 1 }, new AbortController().signal)
    await expect(untilAborted(Promise.resolve(7), limits.signal)).resolves.toBe(7)
    limits[Symbol.dispose]()
    expect(limits.hit).toBeUndefined()
    expect(limits.left()).toBeGreaterThan(50_000)
  })

  it('an error is thrown unless the run was over already', async () => {
    const live = new AbortController()
    await expect(untilAborted(Promise.reject(new Error('mine')), live.signal)).rejects.toThrow('mine')
    await expect(untilAborted(Promise.reject(new Error('late')), AbortSignal.abort())).resolves.toBeUndefined()
  })
})
