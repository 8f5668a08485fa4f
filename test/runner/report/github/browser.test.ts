import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostileText } from '../../../fakes/reports.ts'
import { chromiumPath, launch } from '../../../support/browser.ts'
import { attacked, attackedPlace, attacks, place } from './hostile-report.ts'
import { attackedErrors, pageNames, pageOf } from './pages.ts'
import { rendered } from './rendered.ts'
import { hostileOne, large, small } from './told.ts'

/** A folder for pictures of the pages, to look at. */
const pictures = process.env.PROCTOR_TEST_PICTURES

describe.skipIf(chromiumPath === undefined)('in a browser', () => {
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    browser = await launch()
    page = await browser.newPage({ viewport: { width: 1000, height: 800 } })
    page.on('dialog', (dialog) => {
      complaints.push(`dialog ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => complaints.push(request.url()))
  })
  afterAll(() => browser.close())

  /** Shows Markdown as GitHub would without any of its own care: what acts here would act anywhere. */
  async function look(markdown: string, name: string): Promise<Seen> {
    complaints.length = 0
    await page.setContent(
      `<!doctype html><meta charset="utf-8"><style>${style}</style><body>${rendered(markdown).html}<footer>end</footer>`,
    )
    const seen = await page.evaluate<Seen>(inspect)
    if (pictures !== undefined) {
      await mkdir(pictures, { recursive: true })
      await page.evaluate('[...document.querySelectorAll("details")].slice(0, 6).forEach((details) => { details.open = true })')
      await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
    }
    expect(complaints).toEqual([])
    expect(seen).toMatchObject({ pwned: false, handlers: 0, footer: 'body', ragged: 0 })
    expect(seen.names.filter((element) => !known.has(element))).toEqual([])
    return seen
  }

  test.each(Object.entries(attacks).filter(([name]) => name !== 'long'))('%s stays text on every page', async (name, attack) => {
    const { report } = await small()
    const read = async () => ({ text: `--- a/x\n+++ b/x\n@@ -1 +1 @@\n+${attack}\n`, cut: false })
    const given = { report: attacked(report, attack), place: attackedPlace(attack), read, errors: attackedErrors(attack) }
    const pages = await Promise.all(pageNames.filter((each) => each !== 'job').map((each) => pageOf(each, given)))
    await look(pages.join('\n\n'), name)
  })

  test.each([
    ['small', small, place],
    ['large', large, place],
    ['hostile', hostileOne, attackedPlace(hostileText)],
  ] as const)('%s, each page as it is', async (name, make, where) => {
    const it = await make()
    for (const each of pageNames.filter((each) => each !== 'job' || name !== 'large'))
      await look(await pageOf(each, { ...it, place: where }), `${name}-${each}`)
  })

  test('runs are beside each other, not inside of each other', async () => {
    const seen = await look(await pageOf('text', { ...(await small()), place }), 'beside')
    expect(seen.outermost).toBe(10)
    expect(seen.tables).toBeGreaterThan(10)
  })

  test('the test sees what acts', async () => {
    await expect(look('<img src="https://evil.example/x.png">', 'request')).rejects.toThrow()
    await expect(look('<b onclick="x">x</b>', 'handler')).rejects.toThrow()
    await expect(look('<script>window.pwned = 1</script>', 'script')).rejects.toThrow()
    await expect(look('<details>', 'open')).rejects.toThrow()
    await expect(look('<table><tr><td>1</td></tr><tr><td>1</td><td>2</td></tr></table>', 'ragged')).rejects.toThrow()
  })
})

/** `ragged` = tables with rows of different lengths; `outermost` = collapsed blocks that are in no other. */
type Seen = {
  readonly pwned: boolean
  readonly names: readonly string[]
  readonly handlers: number
  readonly footer: string
  readonly ragged: number
  readonly outermost: number
  readonly tables: number
}
const inspect = `(() => {
  const all = [...document.body.querySelectorAll('*')]
  const tables = [...document.querySelectorAll('table')]
  return {
    pwned: 'pwned' in window,
    names: [...new Set(all.map(({ localName }) => localName))],
    handlers: all.flatMap((element) => [...element.attributes].filter(({ name }) => name.startsWith('on'))).length,
    footer: document.querySelector('footer')?.parentElement.localName,
    ragged: tables.filter((table) => new Set([...table.rows].map(({ cells }) => cells.length)).size !== 1).length,
    outermost: document.querySelectorAll('body > details').length,
    tables: tables.length,
  }
})()`
const known = new Set('h2 h3 p ul li table thead tbody tr th td code pre a strong blockquote details summary sub hr span footer'.split(' '))

const style =
  'body{font:16px/1.5 "Noto Sans",Helvetica,Arial,sans-serif;margin:24px auto;width:900px;color:#1f2328}table{border-collapse:collapse;display:block;overflow:auto}td,th{border:1px solid #d1d9e0;padding:6px 13px}code{background:#818b981f;padding:.2em .4em;border-radius:6px;font-size:85%}pre{background:#f6f8fa;padding:16px;overflow:auto}pre code{background:none;padding:0}blockquote{border-left:.25em solid #d1d9e0;padding:0 1em;color:#59636e;margin:0 0 16px}details{margin-bottom:12px}'
