import { describe, expect, test } from 'vitest'
import { summaryMarkdown } from '../../../runner/report/markdown.ts'
import { cellSpan, codeSpan, fence } from '../../../runner/report/neutral.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakeReport, hostile, hostileText } from '../../fakes/reports.ts'
import type { Story } from '../../fakes/results.ts'

describe('agent text', () => {
  test.each([hostileText, '`', '``', '` `', '```\n</details>\n# head', '~~~\nx', '', '\n\n', 'a|b', '\\|', 'x\u2028y'])(
    '%j stays inside its code',
    (text) => {
      for (const span of [codeSpan(text), cellSpan(text)]) {
        expect(outsideOfCode(`before ${span} after`)).toBe('before  after'.replace('  ', text.trim() === '' ? ' – ' : '  '))
        expect(span).not.toMatch(/[\n\r\u2028]/)
      }
      expect(cellSpan(text)).not.toContain('|')
      expect(outsideOfCode(`before\n\n${fence(text)}\n\nafter`)).toBe('before\n\nafter')
    },
  )

  test('shows what is invisible, and drops what a terminal would obey', () => {
    expect(codeSpan('\u001b[1;31mred\u001b[0m a\u202eb\u200bc\u0007')).toBe('`red a\\u{202e}b\\u{200b}c\\u{7}`')
    expect(codeSpan('👩‍👩‍👧 ❤️ naïve 日本語 עברית')).toBe('`👩‍👩‍👧 ❤️ naïve 日本語 עברית`')
  })

  test('a cut never leaves half a character', () => {
    expect(codeSpan('😀'.repeat(50), 10)).toMatch(/^`(😀){4}…`$/u)
  })
})

describe('summary.md', () => {
  test('says the one thing to know first, and shows failures before passes', async () => {
    const { report } = await fakeReport(memoryBlobs())
    const text = summaryMarkdown(report)
    expect(text.split('\n')[0]).toBe('## Gate not met: 14 of 18 pass')
    expect(text).toContain('95% interval 54.7% to 90.9%')
    expect(text).toContain('2 unscored')
    expect(text.indexOf('| fail |')).toBeLessThan(text.indexOf('| unscored |'))
    expect(text.indexOf('| unscored |')).toBeLessThan(text.indexOf('| pass |'))
    expect(text).toContain('FAILED tests/test_parser.py::test_quoted_comma')
  })

  test('has nothing of the agent outside of code', async () => {
    const stories: Story[] = ['pass', 'tests-fail', 'judge-fails', 'exception', 'judge-broken']
    const { report } = await fakeReport(memoryBlobs(), { stories, edit: hostile })
    const text = summaryMarkdown({ ...report, warnings: [hostileText] })
    expect(text).toContain('HOSTILE')
    expect(outsideOfCode(text).replace(/<code>[^<]*<\/code>/g, '')).not.toContain('HOSTILE')
    expect(text.match(/<code>[^<]*<\/code>/g)?.join('')).not.toMatch(/[@`*_|[\]]|https:/)
  })

  test.each([1_000_000, 65_535, 60_000, 20_000, 4000, 700, 120])('fits %i bytes, at any number of runs', async (maxBytes) => {
    for (const samples of [1, 20, 700]) {
      const { report } = await fakeReport(memoryBlobs(), {
        samples,
        evals: ['parser', 'writer'],
        edit: (result) => ({ ...result, grade: { ...result.grade, reason: `${result.grade.reason} 日本語` } }),
      })
      const text = summaryMarkdown(report, maxBytes)
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes)
      expect(text).toMatch(/^## /)
      expect((text.match(/<details>/g) ?? []).length).toBe((text.match(/<\/details>/g) ?? []).length)
      if (maxBytes >= 4000 && samples === 700 && maxBytes < 1_000_000) expect(text).toContain('Left out to fit this page: runs that pass')
      if (samples === 20 && maxBytes === 1_000_000) expect(text).not.toContain('Left out')
    }
  })
})

/** Removes fences and code spans as CommonMark finds them: a span ends at the next run of as many backticks. */
function outsideOfCode(text: string): string {
  const lines: string[] = []
  let open = ''
  for (const line of text.split('\n')) {
    const [ticks = ''] = /^`{3,}/.exec(line) ?? []
    if (open === '' && ticks !== '') open = ticks
    else if (open !== '' && ticks.length >= open.length && line === ticks) open = ''
    else if (open === '') lines.push(line)
  }
  return lines
    .map((line) => line.replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, ''))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
}
