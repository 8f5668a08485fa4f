import { beforeAll, expect, test } from 'vitest'
import type { Report } from '../../../../runner/domain/report.ts'
import { releaseBlock, withBlock } from '../../../../runner/report/github/release-notes.ts'
import { place } from './hostile-report.ts'
import { told } from './told.ts'

let good: Report
let bad: Report
beforeAll(async () => {
  good = (await told({ stories: ['pass', 'pass'] })).report
  bad = (await told({ stories: ['pass', 'tests-fail'] })).report
})
const begin = '<!-- proctor:begin key=proctor -->'
const end = '<!-- proctor:end key=proctor -->'

test('the verdict, a badge a scorer, and where more is', () => {
  const block = releaseBlock(good, place)
  expect(block).toContain('### ✅ Gate met: 2/2 pass')
  expect(block).toContain('✅ `tests` 2/2 · ✅ `scope` 2/2')
  expect(block).toContain(`at [\`9b1f0c4\`](https://github.example/acme/orders/commit/${place.sha}) · [Full report](`)
  expect(releaseBlock(bad, place)).toContain('### ❌ proctor: 1/2 pass, the gate asks for 80%')
})

test.each([
  ['notes', '## Changes\n\n- a fix\n', '## Changes\n\n- a fix\n\nBLOCK'],
  ['no notes', '', 'BLOCK'],
  ['an earlier block', `before\n\n${begin}\nold\n${end}\n\nafter\n`, 'before\n\nBLOCK\n\nafter\n'],
  ['two earlier blocks', `a\n${begin}\nold\n${end}\nb\n${begin}\nolder\n${end}\nc`, 'a\nBLOCK\nb\n\nc'],
  ['lines of Windows', `a\r\n\r\n${begin}\r\nold\r\n${end}\r\nb`, 'a\r\n\r\nBLOCK\r\nb'],
  ['a begin without an end', `a\n${begin}\nwhat the author wrote`, 'a\nBLOCK\nwhat the author wrote'],
  ['an end without a begin', `a\n${end}\nb`, `a\n${end}\nb\n\nBLOCK`],
  [
    'the block of another proctor',
    'a\n<!-- proctor:begin key=nightly -->\nx\n<!-- proctor:end key=nightly -->',
    'a\n<!-- proctor:begin key=nightly -->\nx\n<!-- proctor:end key=nightly -->\n\nBLOCK',
  ],
  ['signs that a replacement would take for its own', '$& $1 $$', '$& $1 $$\n\nBLOCK'],
])('goes into %s', (_, notes, expected) => {
  for (const report of [good, bad]) {
    const block = releaseBlock(report, place)
    const once = withBlock(notes, block)
    expect(once).toBe(expected.replace('BLOCK', () => block))
    expect(withBlock(once, block)).toBe(once)
    expect(withBlock(withBlock(notes, releaseBlock(good, place)), block)).toBe(once)
  }
})

test('two proctors of one release keep to their own', () => {
  const [a, b] = [releaseBlock(good, place, { key: 'proctor' }), releaseBlock(bad, place, { key: 'proctor / nightly --> x' })]
  const both = withBlock(withBlock('notes', a), b)
  expect(withBlock(withBlock(both, a), b)).toBe(both)
  expect(both).toBe(`notes\n\n${a}\n\n${b}`)
})
