import { expect, test } from 'vitest'
import { fitted, openRoom } from '../../../../runner/report/github/blocks/budget.ts'
import { hostileText } from '../../../fakes/reports.ts'
import { attackedPlace, place } from './hostile-report.ts'
import { pageNames, pageOf } from './pages.ts'
import { openFence, rendered } from './rendered.ts'
import { hostileOne, large, small } from './told.ts'

/** A marker and a state, or two markers, that are no page's to leave out. */
const least = { comment: 260, release: 100 } as const

test.each(['small', 'hostile', 'large'] as const)(
  'whatever the budget, a page of %s content stays below it and closes what it opens',
  async (content) => {
    const it = await { small, hostile: hostileOne, large }[content]()
    const where = content === 'hostile' ? attackedPlace(hostileText) : place
    for (const page of pageNames) {
      const floor = page in least ? least[page as keyof typeof least] : 0
      let longest = 0
      for (const bytes of [floor, ...budgets(floor, content === 'large' ? 5 : 25), 65_000]) {
        const text = await pageOf(page, { ...it, place: where }, bytes)
        expect(Buffer.byteLength(text), `${page} in ${bytes}`).toBeLessThanOrEqual(bytes)
        expect(openFence(text), `${page} in ${bytes}`).toBe(false)
        const { unbalanced, tags } = rendered(text)
        expect(unbalanced, `${page} in ${bytes}`).toEqual([])
        expect(tags.filter(({ name }) => name === 'img' || name === 'script')).toEqual([])
        longest = Math.max(longest, Buffer.byteLength(text))
      }
      expect(longest, page).toBeGreaterThan(500)
    }
  },
)

test('a page keeps its most important blocks to the last', () => {
  const blocks = () => ['first', 'second '.repeat(10), 'third']
  expect(fitted([1], { blocks, bytes: 1000 })).toBe(`first\n\n${'second '.repeat(10)}\n\nthird\n`)
  expect(fitted([1], { blocks, bytes: 20 })).toBe('first\n')
  expect(fitted([1], { blocks, bytes: 5 })).toBe('')
  expect(fitted([3, 2, 1], { blocks: (step) => ['x'.repeat(step * 10)], bytes: 25 })).toBe(`${'x'.repeat(20)}\n`)
})

test('a room counts bytes, separators among them', () => {
  const room = openRoom(10)
  expect(room.add('é')).toBe(true)
  expect(room.left).toBe(5)
  expect(room.add('123456')).toBe(false)
  expect(room.add('12345')).toBe(true)
  expect(room.page()).toBe('é\n\n12345\n')
  expect(Buffer.byteLength(room.page())).toBe(10)
})

/** The same on every machine: a linear congruential generator, small budgets more often than large ones. */
function budgets(floor: number, count: number): number[] {
  let state = 20_261_121
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return floor + Math.floor(70_000 ** (state / 2 ** 31))
  })
}
