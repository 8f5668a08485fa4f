import { mkdirSync, mkdtempSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cutOutwardLinks } from '../../../../runner/adapters/fetch/outward-links.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'proctor-links-')))
afterAll(() => rmSync(base, { recursive: true, force: true }))

const real = (path: string) => {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'no link leads out, and what led to a place inside still does: tree %i',
  async (seed) => {
    const random = numbers(seed)
    const pick = <T>(from: readonly T[]): T => from[random() % from.length] as T
    const around = join(base, `around-${seed}`)
    const root = join(around, 'tree')
    // Outside lies what the tree has too, so that a wrong step is seen.
    for (const folder of ['a', 'b', 'a/b', 'a/b/c', 'b/d'])
      for (const place of [root, around]) {
        mkdirSync(join(place, folder), { recursive: true })
        writeFileSync(join(place, folder, 'file'), place)
      }
    const parts = ['..', '..', '..', '.', 'a', 'b', 'c', 'd', 'file', 'l0', 'l1', 'l2', 'l3', 'l4', '']
    const links = Array.from({ length: 5 + (random() % 6) }, (_, at) => join(root, pick(['', 'a', 'b', 'a/b', 'a/b/c', 'b/d']), `l${at}`))
    for (const link of links) {
      const target = Array.from({ length: 1 + (random() % 6) }, () => pick(parts)).join('/')
      symlinkSync(random() % 12 === 0 ? join(around, 'a') : target || '.', link)
    }
    const inside = (path: string | undefined) => path === root || path?.startsWith(`${root}/`)
    const before = links.map((link) => ({ link, target: readlinkSync(link), real: real(link) }))

    await cutOutwardLinks(root)
    for (const { link, target, real: ended } of before) {
      const now = real(link)
      expect([link, target, now === undefined || inside(now)]).toEqual([link, target, true])
      if (ended !== undefined && !inside(ended)) expect(dirname(readlinkSync(link))).toBe('/nonexistent')
      if (inside(ended)) expect([target, readlinkSync(link), now]).toEqual([target, target, ended])
    }
  },
)

/** Numbers that look random, and are the same each time. */
function numbers(seed: number): () => number {
  let state = (Math.imul(seed + 1, 2_654_435_761) + 12_345) >>> 0
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return (state ^ (state >>> 13)) >>> 0
  }
}
