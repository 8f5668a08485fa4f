import { describe, expect, test } from 'vitest'
import type { Request } from '../../../app/store/database/evaluation-tables.ts'
import { orderOf } from '../../../app/store/order.ts'
import { seeded } from '../../support/seeded.ts'

type Wish = {
  readonly headSha: string
  readonly second: number
  readonly request?: Request
  readonly state?: 'running' | 'done' | 'cancelled'
}
const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 8, 0, second))
const row = ({ second, request = {}, state = 'running', ...wish }: Wish, index = 0) => ({
  ...{ id: String(index), happenedAt: at(second), request, state },
  ...wish,
})
/** What a wish means for those that were there before: ids. */
function mean(asked: Wish, ...others: readonly Wish[]) {
  const { later, older, tied } = orderOf(row(asked), others.map(row))
  return { late: later !== undefined, older: older.map(({ id }) => id), tied: tied.map(({ id }) => id) }
}
const aside: Request = { aside: true, evals: ['x'] }
const again: Request = { rerun: { of: 'x', anew: 'failed' } }
const nothing = { late: false, older: [], tied: [] }

describe('of another commit', () => {
  test('the newer counts, in whatever order they come', () => {
    expect(mean({ headSha: 'new', second: 9 }, { headSha: 'old', second: 3 })).toEqual({ ...nothing, older: ['0'] })
    expect(mean({ headSha: 'old', second: 3 }, { headSha: 'new', second: 9 })).toEqual({ ...nothing, late: true })
    expect(mean({ headSha: 'old', second: 3, request: again }, { headSha: 'new', second: 9, state: 'done' })).toEqual({
      ...nothing,
      late: true,
    })
    expect(mean({ headSha: 'new', second: 9 }, { headSha: 'old', second: 3, request: aside })).toEqual({ ...nothing, older: ['0'] })
  })

  test('of the same second nobody knows, and none is ended for it', () => {
    expect(mean({ headSha: 'a', second: 3 }, { headSha: 'b', second: 3 })).toEqual({ ...nothing, tied: ['0'] })
    expect(mean({ headSha: 'a', second: 3 }, { headSha: 'b', second: 3, state: 'done' })).toEqual({ ...nothing, tied: ['0'] })
    expect(mean({ headSha: 'a', second: 3 }, { headSha: 'b', second: 3, state: 'cancelled' })).toEqual(nothing)
  })
})

describe('of the same commit', () => {
  test('a wish to look once more is never too late, whatever was asked for since', () => {
    for (const request of [aside, again, {}] as const)
      expect(mean({ headSha: 'a', second: 3, request: again }, { headSha: 'a', second: 9, request })).toMatchObject({ late: false })
  })

  test('what is shown beside the verdict is in nobody`s way, nor is anybody in its', () => {
    expect(mean({ headSha: 'a', second: 9, request: aside }, { headSha: 'a', second: 3 })).toEqual(nothing)
    expect(mean({ headSha: 'a', second: 3, request: again }, { headSha: 'a', second: 9, request: aside })).toEqual(nothing)
    expect(mean({ headSha: 'a', second: 9, request: aside }, { headSha: 'a', second: 9, request: aside })).toEqual(nothing)
  })

  test('the wish that came last takes the place of the one before; a delivery that comes late does not', () => {
    expect(mean({ headSha: 'a', second: 9 }, { headSha: 'a', second: 3 })).toEqual({ ...nothing, older: ['0'] })
    expect(mean({ headSha: 'a', second: 3, request: again }, { headSha: 'a', second: 3 })).toEqual({ ...nothing, older: ['0'] })
    expect(mean({ headSha: 'a', second: 3 }, { headSha: 'a', second: 9 })).toEqual({ ...nothing, late: true })
  })
})

test('whatever comes in whatever order, the newest commit is alive in the end, and nothing older is', () => {
  const random = seeded(7)
  for (let round = 0; round < 300; round++) {
    const wishes = Array.from({ length: 2 + Math.floor(random() * 6) }, (_, second): Wish => ({ headSha: `c${second}`, second }))
    const alive: ReturnType<typeof row>[] = []
    for (const wish of wishes.toSorted(() => random() - 0.5)) {
      const one = row(wish, wish.second)
      const { later, older } = orderOf(one, alive)
      for (const gone of older) alive.splice(alive.indexOf(gone), 1)
      if (!later) alive.push(one)
    }
    expect(alive.map(({ headSha }) => headSha)).toEqual([`c${wishes.length - 1}`])
  }
})
