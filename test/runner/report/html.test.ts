import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFolder } from '../../../runner/adapters/folder/folder.ts'
import type { Result } from '../../../runner/domain/result.ts'
import { buildReport } from '../../../runner/report/build-report.ts'
import { fakePlan, type PlanShape } from '../../fakes/plans.ts'
import { hostile, hostileText, mixedDay } from '../../fakes/reports.ts'
import { fakeResult, type Story } from '../../fakes/results.ts'
import { chromiumPath, launch } from '../../support/browser.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'proctor-html-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

type Told = PlanShape & { readonly stories?: readonly Story[]; readonly size?: number; readonly edit?: (result: Result) => Result }

/** A whole output folder as a run leaves it; returns its report.html, and the CPU time that publishing took in ms. */
async function published(
  name: string,
  { stories = mixedDay, size = 1, edit = (result) => result, ...shape }: Told = {},
): Promise<{ html: string; cpuMs: number }> {
  await using folder = await openFolder({ out: join(root, name), version: '0.1.0' })
  const plan = fakePlan({ samples: 20, ...shape })
  await folder.records.begin(plan)
  const runs = plan.batches.flatMap((batch) => batch.runs)
  const results: Result[] = []
  for (const [index, run] of runs.entries()) {
    const result = edit(await fakeResult(run, folder.blobs, stories[index % stories.length], size))
    await folder.records.keep(plan.id, result)
    results.push(result)
  }
  const report = buildReport(plan, results, { version: '0.1.0', now: new Date('2026-11-21T08:20:00Z') })
  const before = process.cpuUsage()
  await folder.publisher.publish(report)
  const { user, system } = process.cpuUsage(before)
  return { html: join(root, name, 'report.html'), cpuMs: (user + system) / 1000 }
}

describe('the size of the page', () => {
  test('a thousand runs fit, however much they did; failures keep more than passes', async () => {
    const { html, cpuMs } = await published('thousand', { samples: 1000, size: 12 })
    expect((await stat(html)).size).toBeLessThan(15_000_000)
    expect(cpuMs).toBeLessThan(3000)
    const text = await readFile(html, 'utf8')
    const sizes = Map.groupBy(text.split('<tbody ').slice(1), (part) => /data-verdict="(\w+)"/.exec(part)?.[1])
    const mean = (verdict: string) =>
      (sizes.get(verdict) ?? []).reduce((sum, part) => sum + part.length, 0) / (sizes.get(verdict)?.length ?? 1)
    expect(sizes.get('pass')).toHaveLength(700)
    expect(mean('fail')).toBeGreaterThan(mean('pass'))
    expect(text).toContain('steps not shown here')
  }, 180_000)

  test('a few runs are shown whole', async () => {
    const text = await readFile((await published('few', { samples: 2, size: 40 })).html, 'utf8')
    expect(text).not.toContain('not shown here')
    expect(text.match(/<li class="shell">/g)).toHaveLength(2 * (40 * 3 + 2))
  })

  test('files that are gone, torn or no steps at all leave a page that says so', async () => {
    await using folder = await openFolder({ out: join(root, 'gone'), version: '0.1.0' })
    const plan = fakePlan({ samples: 3 })
    await folder.records.begin(plan)
    const results = await Promise.all((plan.batches[0]?.runs ?? []).map((run) => fakeResult(run, folder.blobs)))
    for (const result of results) await folder.records.keep(plan.id, result)
    const [first, second] = results.map(({ run }) => join(root, 'gone', 'runs', run.id))
    await rm(String(first), { recursive: true })
    await rm(join(String(second), 'trajectory.jsonl'))
    await writeFile(
      join(String(second), 'trajectory.jsonl'),
      '{"kind":"shell","detail":{"command":7},"at":"x"}\nnot json\n{"kind":"shell"}\n[]\nnull\n{"kind":"new","at":"","detail":{}}\n',
    )
    await folder.publisher.publish(buildReport(plan, results, { version: '0.1.0', now: new Date() }))
    const text = await readFile(join(root, 'gone', 'report.html'), 'utf8')
    expect(text.match(/The file is not beside this report/g)).toHaveLength(2)
    expect(text).toContain('steps not shown here')
  })
})

describe.skipIf(chromiumPath === undefined)('in a browser', () => {
  let browser: Awaited<ReturnType<typeof launch>>
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  /** Opens the page; whatever it asks of the network or says on the console is a failure of the test. */
  async function visit(html: string, options: BrowserContextOptions = {}): Promise<Page & AsyncDisposable> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => request.url() !== `file://${html}` && complaints.push(request.url()))
    await page.goto(`file://${html}`)
    return Object.assign(page, {
      async [Symbol.asyncDispose]() {
        await context.close()
        expect(complaints).toEqual([])
      },
    })
  }
  const visible = (page: Page) => page.locator('table.runs > tbody:visible')

  test('without a script everything can be read', async () => {
    const { html } = await published('plain')
    await using page = await visit(html, { javaScriptEnabled: false })
    await expect(page.locator('h1').textContent()).resolves.toBe('14 of 18 pass')
    expect(await page.locator('.toolbar').isVisible()).toBe(false)
    const run = page.locator('table.runs > tbody[data-verdict=fail]').first()
    await run.locator('.opened summary').first().click()
    for (const text of [
      '22 of 24 expected tests passed',
      'The change touches only the tokenizer',
      'python -m pytest -q -x',
      'exit 1',
      'if char == "," and not quoted:',
    ])
      expect(await run.getByText(text).first().isVisible(), text).toBe(true)
    expect(await run.locator('ins').first().isVisible()).toBe(true)
    expect(await run.locator('.timeline li').count()).toBe(13)
  })

  test('shows for each run what decided, who must act, and the four surfaces', async () => {
    const { html } = await published('surfaces')
    await using page = await visit(html)
    // A browser leaves out what is below the fold, and with it the text that is asked for here.
    await page.setViewportSize({ width: 1280, height: 12_000 })
    const open = async (verdict: string, nth: number) => {
      const run = page.locator(`table.runs > tbody[data-verdict=${verdict}]`).nth(nth)
      await run.locator('.name').click()
      // biome-ignore lint/performance/useDomNodeTextContent: only what can be seen counts
      return run.innerText()
    }
    expect(await open('unscored', 0)).toMatch(/Not scored: judge_failed.*Check the model/s)
    expect(await open('unscored', 1)).toMatch(/Not scored: sandbox_lost.*Whoever runs proctor can act/s)
    expect(await open('fail', 2)).toContain('Stopped by its limit on time.')
    expect(await open('fail', 3)).toMatch(/Ended in an error: agent_exception.*KeyError/s)
    expect(await open('fail', 1)).toMatch(/2 of 3 samples agree.*explains itself/s)
    expect(await open('fail', 0)).toMatch(/FAIL\s*tests.*in-process.*src\/orders\/parser.py.*13 steps/s)
  })

  test('filters by verdict, eval and text', async () => {
    const { html } = await published('filter', { evals: ['parser', 'writer'] })
    await using page = await visit(html)
    expect(await visible(page).count()).toBe(40)
    await page.getByRole('button', { name: 'fail 8' }).click()
    expect(await visible(page).count()).toBe(8)
    await page.getByLabel('Eval and agent').selectOption({ label: 'fixer / writer' })
    expect(await visible(page).count()).toBe(4)
    await page.getByRole('searchbox').fill('keyerror')
    await page.locator('output').getByText('1 of 40').waitFor()
    await page.getByRole('searchbox').fill('no such thing')
    await page.getByText('No run matches.').waitFor()
    await page.keyboard.press('Escape')
    expect(await visible(page).count()).toBe(4)
  })

  test('sorts by a column, both ways, and keeps each sheet with its row', async () => {
    const { html } = await published('sort')
    await using page = await visit(html)
    const times = () =>
      page.locator('td.time').evaluateAll<number[], HTMLElementLike>((cells) => cells.map((cell) => Number(cell.dataset.v)))
    await page.getByRole('button', { name: 'Time' }).click()
    expect(await times()).toEqual((await times()).toSorted((a, b) => a - b))
    expect(await page.locator('th.time').getAttribute('aria-sort')).toBe('ascending')
    await page.getByRole('button', { name: 'Time' }).click()
    expect(await times()).toEqual((await times()).toSorted((a, b) => b - a))
  })

  test('can be used by keys alone', async () => {
    const { html } = await published('keys')
    await using page = await visit(html)
    const focused = () =>
      page.evaluate<string>('document.activeElement.closest("tbody")?.querySelector(".name").textContent ?? document.activeElement.tagName')
    await page.keyboard.press('j')
    expect(await focused()).toBe('crlf-rows')
    await page.keyboard.press('j')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('k')
    expect(await focused()).toBe('trailing-delimiter')
    await page.keyboard.press('Enter')
    expect(await page.getByText('a reviewer learns neither').isVisible()).toBe(true)
    expect(await page.locator('.name[aria-expanded=true]').count()).toBe(1)
    await page.keyboard.press('Escape')
    expect(await page.locator('.name[aria-expanded=true]').count()).toBe(0)
    await page.keyboard.press('/')
    expect(await focused()).toBe('INPUT')
    await page.keyboard.type('jk/')
    expect(await page.getByRole('searchbox').inputValue()).toBe('jk/')
  })

  test('every control is reached by Tab and shows its focus', async () => {
    const { html } = await published('tab', { samples: 3, evals: ['parser', 'writer'] })
    await using page = await visit(html)
    const controls = await page.evaluate<number>(
      '[...document.querySelectorAll("button, select, input, a[href], summary")].filter((control) => control.checkVisibility()).length',
    )
    const seen = new Set<string>()
    for (let presses = 0; presses < controls; presses++) {
      await page.keyboard.press('Tab')
      const { name, outline } = await page.evaluate<{ name: string; outline: string }>(
        '({ name: [...document.querySelectorAll("*")].indexOf(document.activeElement) + document.activeElement.tagName, outline: getComputedStyle(document.activeElement).outlineStyle })',
      )
      expect(outline, name).toBe('solid')
      seen.add(name)
    }
    expect(seen.size).toBe(controls)
  })

  test('an address names a run, and opens it', async () => {
    const { html } = await published('address')
    await using page = await visit(html)
    await page.locator('.strip i').nth(5).click()
    expect(await page.getByText('a reviewer learns neither').isVisible()).toBe(true)
    await page.goto(`file://${html}#run-fixer-parser-blank-lines-e1`)
    await page.reload()
    expect(await page.getByText('Stopped by its limit on time.').isVisible()).toBe(true)
  })

  test('is dark or light as the reader has it, or chooses', async () => {
    const { html } = await published('theme')
    const paper = (page: Page) => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    await using light = await visit(html, { colorScheme: 'light' })
    await using dark = await visit(html, { colorScheme: 'dark' })
    const [day, night] = [await paper(light), await paper(dark)]
    expect(day).not.toBe(night)
    await light.getByRole('button', { name: 'Dark' }).click()
    expect(await paper(light)).toBe(night)
    // The browser may still be storing the choice when the first reload comes.
    const again = () => light.reload().then(() => paper(light))
    await expect.poll(again, { timeout: 10_000 }).toBe(night)
  })

  test.each([1280, 390])('fits a window %i px wide', async (width) => {
    const { html } = await published(`width-${width}`, {
      edit: (result) => ({ ...result, grade: { ...result.grade, reason: 'x'.repeat(900) } }),
    })
    await using page = await visit(html, { viewport: { width, height: 844 } })
    await page.locator('.name').first().click()
    await page.locator('.open .timeline li').last().scrollIntoViewIfNeeded()
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
  })

  test('hostile text stays text: no script, no request, no markup, no hidden direction', async () => {
    const { html } = await published('hostile', { edit: hostile })
    const text = await readFile(html, 'utf8')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be gone
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u200b]/)
    await using page = await visit(html)
    for (const name of await page.locator('.name').all()) await name.click()
    expect(await page.evaluate<unknown>('window.pwned')).toBeUndefined()
    expect(await page.locator('script, img, svg:not(.interval), iframe').count()).toBe(1)
    expect(await page.locator('h1').textContent()).toBe('14 of 18 pass')
    expect(await page.locator('.prose').first().textContent()).toContain(hostileText.slice(0, 60))
    expect(await page.locator('a[href^="http"], a[href^="javascript"]').count()).toBe(0)
  })

  test('a thousand runs open while the reader still has patience', async () => {
    const { html } = await published('big', { samples: 1000, size: 4 })
    // The same bytes as plain text are what this machine, this minute, needs for a page of this size.
    const plainPage = join(root, 'big', 'plain.html')
    const text = await readFile(html, 'utf8')
    await writeFile(plainPage, `<!doctype html><title>x</title>${text.replaceAll(/[<>&]/g, ' ').replaceAll(/(.{80})/g, '<p>$1')}`)
    const rounds: number[] = []
    for (let round = 0; round < 3; round++) {
      const [bare, own] = [await loadTime(plainPage), await loadTime(html)]
      rounds.push(own / bare)
    }
    expect(rounds.toSorted((a, b) => a - b)[1]).toBeLessThan(3)
  }, 240_000)

  async function loadTime(html: string): Promise<number> {
    const page = await browser.newPage()
    await page.goto(`file://${html}`)
    const time = await page.evaluate<number>(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))',
    )
    await page.close()
    return time
  }
})

/** What of an element these tests look at; the types of a browser are not part of this program. */
type HTMLElementLike = { readonly dataset: Record<string, string> }
