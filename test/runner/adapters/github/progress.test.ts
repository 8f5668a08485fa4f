import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { coalesced } from '../../../../runner/adapters/github/checks/progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the first is sent at once, then the last of several, one every so often', async () => {
  const sent: number[] = []
  const live = coalesced<number>(15_000, async (value) => void sent.push(value))
  await live.offer(1)
  for (const value of [2, 3, 4]) await live.offer(value)
  expect(sent).toEqual([1])
  await vi.advanceTimersByTimeAsync(15_000)
  expect(sent).toEqual([1, 4])
  await live.offer(5)
  await vi.advanceTimersByTimeAsync(14_000)
  expect(sent).toEqual([1, 4])
  await vi.advanceTimersByTimeAsync(1000)
  expect(sent).toEqual([1, 4, 5])
  await vi.advanceTimersByTimeAsync(60_000)
  await live.offer(6)
  expect(sent).toEqual([1, 4, 5, 6])
})

test('what comes while one is being sent waits its turn; a failure is let go', async () => {
  const sent: number[] = []
  const { promise: sending, reject } = Promise.withResolvers<void>()
  const live = coalesced<number>(1000, (value) => {
    sent.push(value)
    return value === 1 ? sending : Promise.resolve()
  })
  const first = live.offer(1)
  await live.offer(2)
  await live.offer(3)
  await vi.advanceTimersByTimeAsync(5000)
  expect(sent).toEqual([1])
  reject(new Error('502'))
  await first
  await vi.advanceTimersByTimeAsync(1000)
  expect(sent).toEqual([1, 3])
})

test('nothing is sent after the end, which waits for what is on its way', async () => {
  const sent: number[] = []
  const { promise: sending, resolve } = Promise.withResolvers<void>()
  const live = coalesced<number>(1000, (value) => {
    sent.push(value)
    return sending
  })
  void live.offer(1)
  await live.offer(2)
  let ended = false
  const end = live.end().then(() => {
    ended = true
  })
  await vi.advanceTimersByTimeAsync(10)
  expect(ended).toBe(false)
  resolve()
  await end
  await live.offer(3)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sent).toEqual([1])
})
