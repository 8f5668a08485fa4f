import { beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../../../runner/domain/report.ts'
import { annotationsOf } from '../../../../runner/report/github/annotations.ts'
import { checkOutput } from '../../../../runner/report/github/check-output.ts'
import { commentBody } from '../../../../runner/report/github/comment.ts'
import { parseMarker } from '../../../../runner/report/github/marker.ts'
import { withBlock } from '../../../../runner/report/github/release-notes.ts'
import { htmlCode, prose, quote } from '../../../../runner/report/neutral.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakeReport } from '../../../fakes/reports.ts'
import type { Story } from '../../../fakes/results.ts'
import { attacked, attackedPlace, attacks, place } from './hostile-report.ts'
import { attackedErrors, limits, pageNames, pageOf } from './pages.ts'
import { acting, openFence, rendered } from './rendered.ts'

/** Elements that a page of ours is made of. */
const known = new Set('h2 h3 p ul li table thead tbody tr th td code pre a strong blockquote details summary sub hr span'.split(' '))
const ownLinks = [`${place.serverUrl}/${place.repo}/`]

const invisible = acting['invisible or bidi'] ?? /^/

let calm: Report
beforeAll(async () => {
  const stories: readonly Story[] = [
    'pass',
    'pass',
    'tests-fail',
    'pass',
    'judge-fails',
    'exception',
    'sandbox-lost',
    'sandbox-lost',
    'exception',
    'pass',
  ]
  const { report } = await fakeReport(memoryBlobs(), { samples: 5, base: true, evals: ['parser'], stories })
  const [batch] = report.batches
  if (!batch) throw new Error('a batch')
  const said = { author: 'octocat', url: `${place.serverUrl}/acme/orders/pull/1#issuecomment-1`, at: '2026-11-21T08:20:00Z' }
  const runs = batch.runs.map((run) => ({
    ...run,
    reused: { plan: report.plan, commit: 'c' },
    feedback: [
      { rating: 'fail' as const, body: 'It is wrong.', trusted: true, ...said },
      { rating: 'none' as const, body: 'x', trusted: false, ...said },
    ],
    expected: [{ name: 'notes.md', bytes: 3, digest: report.plan, ...said }],
    contradicts: true as const,
  }))
  const gate = { ...batch.gate, min_trust: 'black-box' }
  calm = {
    ...report,
    batches: [
      { ...batch, runs, gate, missing: ['m'] },
      { ...batch, runs, proposed: true },
    ],
    missing: ['m'],
  }
})

describe.each(Object.entries(attacks))('%s', (name, attack) => {
  test.each(pageNames)('does nothing on the page %s', async (page) => {
    const report = attacked(calm, attack)
    const read = async () => ({ text: `diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n+${attack}\n`.repeat(3), cut: false })
    const text = await pageOf(page, {
      report,
      place: attackedPlace(attack),
      read,
      errors: attackedErrors(attack),
      key: attack.slice(0, 200),
    })
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits[page])
    const { tags, links, open, unbalanced, comments, tables } = rendered(text)
    const quiet = rendered(await pageOf(page, { report: calm, place, read: async () => ({ text: 'diff', cut: false }) }))
    expect(tags.filter((tag) => !known.has(tag.name))).toEqual([])
    expect(
      tags.filter(({ name, attributes }) => name !== 'a' && !/^(open|class="language-(text|diff)"|align="right")?$/.test(attributes)),
    ).toEqual([])
    expect(links.filter((href) => !ownLinks.some((own) => href.startsWith(own)))).toEqual([])
    expect(unbalanced).toEqual([])
    expect(openFence(text)).toBe(false)
    for (const [what, pattern] of Object.entries(acting)) expect.soft(open, what).not.toMatch(pattern)
    expect(comments).toHaveLength(quiet.comments.length)
    if (name !== 'long') expect(tables).toBe(quiet.tables)
    for (const row of tableRows(text)) expect(cellsOf(row.text)).toBe(cellsOf(row.head))
  })

  test('forges neither marker nor state, and ends no block', () => {
    const report = attacked(calm, attack)
    const body = commentBody(report, attackedPlace(attack), { key: attack.slice(0, 300), order: [7, 2] })
    expect(parseMarker(body)).toMatchObject({
      key: attack.slice(0, 300).toWellFormed(),
      order: [7, 2],
      revision: report.revision,
      sha: place.sha,
    })
    expect(body.match(/<!--/g)).toHaveLength(2)
    expect(body.match(/-->\n/g)).toHaveLength(2)
    expect(parseMarker(`x\n${attack}\n${body}`)).toBeUndefined()
  })

  test('a release block is found again', async () => {
    const given = { place: attackedPlace(attack), read: async () => undefined }
    const first = await pageOf('release', { ...given, report: attacked(calm, attack) })
    const second = await pageOf('release', { ...given, report: calm })
    const notes = withBlock('Notes of the author\n', first)
    expect(withBlock(notes, second)).toBe(`Notes of the author\n\n${second}`)
    expect(withBlock(withBlock(notes, first), first)).toBe(notes)
  })

  test('annotations and titles are plain text of the basic plane', async () => {
    const report = attacked(calm, attack)
    const [batch] = report.batches
    if (!batch) throw new Error('a batch')
    const files = new Set(batch.runs.flatMap(({ from }) => from?.file ?? []))
    const annotations = annotationsOf(batch, { files })
    expect(annotations.length).toBeGreaterThan(2)
    for (const { title, message, start_line, end_line } of annotations) {
      expect(title.length).toBeLessThanOrEqual(255)
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(64_000)
      expect(`${title}${message}`).not.toMatch(/[\ud800-\udfff\u200b]/)
      expect(`${title}${message}`).not.toMatch(invisible)
      expect(start_line).toBeGreaterThanOrEqual(1)
      expect(end_line).toBe(start_line)
    }
    const { title } = await checkOutput(batch, report, attackedPlace(attack), async () => undefined)
    expect(title).toMatch(/^.{1,200}$/u)
    expect(title).not.toMatch(invisible)
  })

  test('as prose, quotation and code of HTML it stays what it is', () => {
    for (const text of [
      prose(attack),
      quote(attack),
      `x ${htmlCode(attack)}`,
      `| a | b |\n| - | - |\n| ${prose(attack)} | ${htmlCode(attack)} |`,
    ]) {
      const { tags, open, comments } = rendered(text)
      expect(tags.filter((tag) => !known.has(tag.name) || tag.name === 'a')).toEqual([])
      expect(comments).toEqual([])
      for (const [what, pattern] of Object.entries(acting)) expect.soft(open, what).not.toMatch(pattern)
    }
  })
})

/** Pipes that part cells: none is escaped on our pages. */
const cellsOf = (row: string) => row.split('|').length
/** Rows outside of fences, each with the head of its table. */
function tableRows(text: string): { text: string; head: string }[] {
  const lines = text.replace(/^(`{3,})(?:text|diff)\n[\s\S]*?\n\1$/gm, '').split('\n')
  let head = ''
  return lines.flatMap((line, index) => {
    if (!line.startsWith('| ')) return []
    if (!lines[index - 1]?.startsWith('| ')) head = line
    return [{ text: line, head }]
  })
}

test('prose reads as it was written', () => {
  const text = 'The scorer "tests" failed: 2 of 24 (see in-process_check, 77.5%). Ask @octocat about #12 & <b>.'
  expect(rendered(prose(text)).open.replaceAll('\u200b', '').trim()).toBe(text)
})
