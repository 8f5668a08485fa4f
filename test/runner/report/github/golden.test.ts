import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { annotationsOf } from '../../../../runner/report/github/annotations.ts'
import { titleOfAll } from '../../../../runner/report/github/blocks/title.ts'
import { checkOutput } from '../../../../runner/report/github/check-output.ts'
import { hostileText } from '../../../fakes/reports.ts'
import { attackedPlace, place } from './hostile-report.ts'
import { attackedErrors, limits, pageNames, pageOf } from './pages.ts'
import { openFence, rendered } from './rendered.ts'
import { hostileOne, large, small, type Told } from './told.ts'

/**
 * What GitHub shows, word for word, in test/fixtures/github. After a change that is meant: `vitest run test/runner/report/github -u`,
 * then look at what git says changed.
 */
const golden = (content: string, file: string) => join(import.meta.dirname, '../../../fixtures/github', content, file)

const contents = { small, large, hostile: hostileOne } as const
describe.each(Object.entries(contents))('%s', (content, make) => {
  let it: Told
  beforeAll(async () => {
    it = await make()
  })
  const isHostile = content === 'hostile'
  const where = isHostile ? attackedPlace(hostileText) : place

  test.each(pageNames)('%s', async (page) => {
    const text = await pageOf(page, { ...it, place: where, ...(isHostile && { errors: attackedErrors(hostileText) }) })
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits[page])
    const { tags, links, unbalanced } = rendered(text)
    expect(tags.filter(({ name }) => ['img', 'script', 'svg', 'iframe', 'style'].includes(name))).toEqual([])
    expect(links.filter((href) => !href.startsWith(`${place.serverUrl}/acme/orders/`))).toEqual([])
    expect(unbalanced).toEqual([])
    expect(openFence(text)).toBe(false)
    if (content !== 'large' || page !== 'job') await expect(text).toMatchFileSnapshot(golden(content, `${page}.md`))
  })

  test('titles and annotations', async () => {
    const [batch] = it.report.batches
    if (!batch) throw new Error('a batch')
    const files = new Set(batch.runs.flatMap(({ from }) => from?.file ?? []))
    const { title } = await checkOutput(batch, it.report, where, it.read)
    const annotations = annotationsOf(batch, { files })
    const shown = {
      title,
      aggregate: titleOfAll(it.report, where),
      annotations: content === 'large' ? [...annotations.slice(0, 2), annotations.at(-1)] : annotations,
    }
    await expect(`${JSON.stringify(shown, null, 1)}\n`).toMatchFileSnapshot(golden(content, 'annotations.json'))
  })
})

describe('large', () => {
  test('reads the beginnings of a few diffs, however many there are', async () => {
    const { report, read, asked } = await large()
    const [batch] = report.batches
    const bytes = batch?.runs.flatMap(({ diff }) => (diff ? [diff] : [])) ?? []
    expect(bytes.length).toBeGreaterThan(1500)
    asked.length = 0
    if (batch) await checkOutput(batch, report, place, read)
    expect(asked.length).toBeLessThanOrEqual(60)
    expect(Math.max(...asked)).toBeLessThanOrEqual(30_000)
  })

  test('says what was left out, and keeps what matters', async () => {
    const { report, read } = await large()
    const text = await pageOf('text', { report, place, read })
    expect(text).toMatch(
      /Left out to fit this page: the evidence of [\d,]+ runs, [\d,]+ of them altogether\. All of it is in the full report\./,
    )
    expect(text.match(/<summary>❌/g)?.length).toBeGreaterThan(20)
    expect(text.match(/<summary>✅/g)).toBeNull()
    expect(text).toContain('```diff')
    expect(Buffer.byteLength(text)).toBeGreaterThan(50_000)
  })
})
