import { mkdirSync, mkdtempSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cutOutwardLinks } from '../../../../runner/adapters/fetch/outward-links.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'proctor-links-')))
afterAll(() => rmSync(base, { recursive: true, force: true }))

/** As the kernel follows it: the other one of Node's works `link/..` out by name. */
const real = (path: string) => {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}

test.each(Array.from({ length: 60 }, (_, seed) => seed))(
  'no link leads out, and what led to a place inside still does: tree %i',
  async (seed) => {
    const random = numbers(seed)
    const pick = <T>(from: readonly T[]): T => from[random() % from.length] as T
    const around = join(base, `around-${seed}`)
    const root = join(around, 'tree')
    // Outside lies what the tree has too, so that a wrong step is seen.
    const places = ['', 'a', 'a/b']
    for (const folder of places)
      for (const place of [root, around]) {
        mkdirSync(join(place, folder), { recursive: true })
        writeFileSync(join(place, folder, 'file'), place)
      }
    const links = places.flatMap((place) => ['x', 'y', 'z'].map((name) => join(root, place, name)))
    for (const link of links) {
      const target = Array.from({ length: 1 + (random() % 5) }, () =>
        pick(['..', '..', 'a', 'b', 'file', 'x', 'y', 'z', 'x/..', 'a/b', '.']),
      ).join('/')
      symlinkSync(random() % 12 === 0 ? join(around, 'a') : target, link)
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
