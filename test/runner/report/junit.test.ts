import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { badges } from '../../../runner/report/badge.ts'
import { junitXml } from '../../../runner/report/junit.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakeReport, hostile } from '../../fakes/reports.ts'
import { chromiumPath, launch } from '../../support/browser.ts'

/** An element, as a strict XML parser sees it. */
type Node = { readonly tag: string; readonly attributes: Record<string, string>; readonly children: readonly Node[]; readonly text: string }

describe.skipIf(chromiumPath === undefined)('files that other programs parse', () => {
  let browser: Awaited<ReturnType<typeof launch>>
  let parse: (xml: string) => Promise<Node>
  beforeAll(async () => {
    browser = await launch()
    const page = await browser.newPage()
    parse = (xml) => page.evaluate<Node>(`(${parseInPage})(${JSON.stringify(xml)})`)
  })
  afterAll(() => browser.close())

  test('junit.xml: one suite a batch, one case a run, unscored is an error', async () => {
    const { report } = await fakeReport(memoryBlobs(), { evals: ['parser', 'writer'] })
    const root = await parse([...junitXml(report)].join(''))
    checkSchema(root)
    expect(root.attributes).toMatchObject({ tests: '40', failures: '8', errors: '4' })
    expect(root.children.map(({ attributes }) => [attributes.name, attributes.tests, attributes.failures, attributes.errors])).toEqual([
      ['fixer / parser', '20', '4', '2'],
      ['fixer / writer', '20', '4', '2'],
    ])
    const cases = root.children[0]?.children.filter(({ tag }) => tag === 'testcase') ?? []
    expect(
      cases
        .map(({ children }) => children[0]?.tag ?? 'passed')
        .filter((tag) => tag !== 'passed')
        .toSorted(),
    ).toEqual(['error', 'error', 'failure', 'failure', 'failure', 'failure'])
    expect(cases[2]?.children[0]?.text).toContain('test_quoted_comma')
    expect(cases[18]?.children[0]?.attributes).toMatchObject({ type: 'sandbox_lost' })
  })

  test('junit.xml stays well-formed whatever agents write', async () => {
    const { report } = await fakeReport(memoryBlobs(), { edit: hostile })
    const root = await parse([...junitXml(report)].join(''))
    checkSchema(root)
    expect(root.children[0]?.children.find(({ tag }) => tag === 'testcase')?.attributes.name).toContain('</script>')
  })

  test('badges: one a batch and one a scorer, well-formed, text as wide as its box', async () => {
    const { report } = await fakeReport(memoryBlobs())
    const files = badges(report)
    expect([...files.keys()]).toEqual([
      'fixer--parser.svg',
      'fixer--parser--tests.svg',
      'fixer--parser--scope.svg',
      'fixer--parser--lint.svg',
    ])
    expect((await parse(files.get('fixer--parser.svg') ?? '')).attributes['aria-label']).toBe('fixer / parser: 14/18 pass, 2 unscored')
    expect((await parse(files.get('fixer--parser--lint.svg') ?? '')).attributes['aria-label']).toBe('lint: 0% of 1')
    const page = await browser.newPage()
    for (const svg of files.values()) {
      await page.setContent(svg.replaceAll(/ textLength="[^"]*"/g, ''))
      const off = await page.evaluate<number[]>(`[...document.querySelectorAll('text')].map((text) => text.getComputedTextLength())`)
      const told = [...svg.matchAll(/ textLength="(\d+)"/g)].map(([, width]) => Number(width))
      for (const [index, real] of off.entries()) expect(Math.abs(1 - real / (told[index] ?? 0)), svg).toBeLessThan(0.15)
    }
  })
})

/** The rules of the common JUnit schema (Ant's, as published by Windy Road), which is the strictest in use. */
function checkSchema(root: Node) {
  expect(root.tag).toBe('testsuites')
  for (const suite of root.children) {
    expect(suite.tag).toBe('testsuite')
    for (const name of ['package', 'id', 'name', 'timestamp', 'hostname', 'tests', 'failures', 'errors', 'time'])
      expect(suite.attributes, name).toHaveProperty(name)
    expect(suite.attributes.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
    expect(suite.children.map(({ tag }) => tag).join(' ')).toMatch(/^properties (testcase )*system-out system-err$/)
    for (const property of suite.children[0]?.children ?? []) expect(Object.keys(property.attributes)).toEqual(['name', 'value'])
    for (const entry of suite.children.filter(({ tag }) => tag === 'testcase')) {
      expect(Object.keys(entry.attributes).toSorted()).toEqual(['classname', 'name', 'time'])
      expect(entry.attributes.time).toMatch(/^\d+\.\d+$/)
      expect(entry.children.length).toBeLessThanOrEqual(1)
      for (const { tag, attributes } of entry.children) {
        expect(['failure', 'error']).toContain(tag)
        expect(Object.keys(attributes).toSorted()).toEqual(['message', 'type'])
      }
    }
  }
}

/** Runs in the page, so it is text here. */
const parseInPage = `(xml) => {
  const parsed = new DOMParser().parseFromString(xml, 'application/xml')
  const wrong = parsed.querySelector('parsererror')
  if (wrong) throw new Error(wrong.textContent)
  const see = (element) => ({
    tag: element.tagName,
    attributes: Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value])),
    children: [...element.children].map(see),
    text: element.textContent,
  })
  return see(parsed.documentElement)
}`
