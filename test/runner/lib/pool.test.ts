import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { pool } from '../../../runner/lib/pool.ts'

const never = new AbortController().signal

/** Counts how many are at work at once, over all and per lane. */
function watched(lane: (item: number) => string = () => '') {
  const now = new Map<string, number>()
  const peaks = new Map<string, number>()
  const done: number[] = []
  const count = (name: string, by: number) => {
    now.set(name, (now.get(name) ?? 0) + by)
    peaks.set(name, Math.max(peaks.get(name) ?? 0, now.get(name) ?? 0))
  }
  const work = async (item: number) => {
    for (const name of ['all', lane(item)]) count(name, 1)
    await sleep(1 + (item % 3))
    for (const name of ['all', lane(item)]) count(name, -1)
    done.push(item)
  }
  return { work, peaks, done }
}
const numbers = (length: number) => Array.from({ length }, (_, index) => index)

describe('pool', () => {
  test('does all, never more than its width at once', async () => {
    const { work, peaks, done } = watched()
    expect(await pool({ source: numbers(50), width: 4, work, signal: never })).toBe(50)
    expect(done.toSorted((a, b) => a - b)).toEqual(numbers(50))
    expect(peaks.get('all')).toBe(4)
  })

  test('asks the source only when there is a free hand, so that it can decide late', async () => {
    let finished = 0
    const seen: number[] = []
    function* source() {
      for (let item = 0; item < 6; item++) {
        seen.push(finished)
        yield item
      }
    }
    const work = async () => {
      await sleep(2)
      finished++
    }
    await pool({ source: source(), width: 2, work, signal: never })
    expect(seen.slice(0, 2)).toEqual([0, 0])
    expect(seen.slice(2).every((count) => count > 0)).toBe(true)
  })

  test('a full lane does not hold up others, and is never overfilled', async () => {
    const lane = (item: number) => (item < 20 ? 'slow' : 'fast')
    const { work, peaks, done } = watched(lane)
    await pool({ source: numbers(40), width: 4, work, signal: never, lane: (item) => ({ name: lane(item), cap: item < 20 ? 1 : 10 }) })
    expect(done).toHaveLength(40)
    expect(peaks.get('slow')).toBe(1)
    expect(peaks.get('fast')).toBe(3)
    expect(done.indexOf(20)).toBeLessThan(done.indexOf(19))
  })

  test('an abort ends the asking, and what is at work is waited for', async () => {
    const stop = new AbortController()
    const done: number[] = []
    const work = async (item: number) => {
      if (item === 3) stop.abort()
      await sleep(2)
      done.push(item)
    }
    expect(await pool({ source: numbers(100), width: 2, work, signal: stop.signal })).toBeLessThan(6)
    expect(done).toContain(3)
  })

  test('the first error is thrown when all hands are idle', async () => {
    let active = 0
    const work = async (item: number) => {
      active++
      await sleep(1)
      active--
      if (item === 2) throw new Error('broken')
    }
    await expect(pool({ source: numbers(100), width: 3, work, signal: never })).rejects.toThrow('broken')
    expect(active).toBe(0)
  })

  test('nothing to do is done at once', async () => {
    expect(await pool({ source: [], width: 2, work: async () => {}, signal: never })).toBe(0)
  })
})
