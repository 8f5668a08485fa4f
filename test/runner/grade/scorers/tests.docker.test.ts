import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Files, openGrading, type Rules } from '../../../support/grading.ts'
import { scoreOf } from '../../../support/scoring.ts'
import { cheaters, equalsAll, solution, testEdits, workspace } from './cheaters.ts'

type Grading = Awaited<ReturnType<typeof openGrading>>
let grading: Grading
beforeAll(async () => {
  grading = await openGrading(workspace)
})
afterAll(() => grading?.[Symbol.asyncDispose]())

const options = { command: 'python -m pytest -q', format: 'pytest', timeout_s: 60 }
const score = (changes: Files, rules?: Rules, more: object = {}) =>
  scoreOf('tests', { options: { ...options, ...more }, room: grading.room(changes, rules), sample: { exercise: grading.exercise } })

const tampering = [
  'patches makereport from source',
  'empties every test from source',
  'swallows exactly the known ids',
  'patches the runner only once it is called',
]

describe('tests, on a real engine', { timeout: 240_000 }, () => {
  test('the solution passes, with the negative control', async () => {
    const found = await score({ 'shop/cart.py': solution })
    expect(found).toMatchObject({ status: 'PASS', score: 1, trust: 'in-process' })
    expect(found.evidence).toContain('5 of 5 expected tests passed, 1 skipped as on the baseline')
    expect(found.evidence).toContain('With failing bodies, each of them fails')
  })
  test('the evidence names the failing tests and why', async () => {
    const found = await score({})
    expect(found).toMatchObject({ status: 'FAIL', score: 0.4 })
    expect(found.evidence).toContain('failed: tests/test_cart.py::TestSlug::test_capitals')
    expect(found.evidence).toMatch(/assert 'A' == 'a'/)
  })
  test.each(Object.entries({ ...cheaters, ...testEdits }))('%s: fails', async (name, changes) => {
    const found = await score(changes)
    expect(found).toMatchObject({ status: 'FAIL' })
    // These leave nothing else to see them by.
    if (tampering.includes(name)) expect(found.evidence).toContain('reports success whatever the tests say')
  })
  test.each(Object.entries(cheaters).filter(([, changes]) => !changes['shop/cart.py']))(
    '%s, where the author lets everything in: fails',
    async (_, changes) => {
      expect(await score(changes, { editable: ['**'], hooks: ['**'] })).toMatchObject({ status: 'FAIL' })
    },
  )
  test('an object that equals everything passes here: that is what a black box is for', async () => {
    expect((await score({ 'shop/cart.py': equalsAll })).status).toBe('PASS')
  })
})

describe('command lines', { timeout: 240_000 }, () => {
  test.each([
    'PYTHONPATH=. pytest -x',
    'cd tests && PYTHONPATH=.. python3 -m pytest --rootdir .. -p no:cacheprovider',
    'python -E -m pytest -q --maxfail=1',
    'python -m pytest -q -n0 2>/dev/null || python -m pytest -q',
  ])('%s: the solution passes, what does nothing fails', async (command) => {
    expect(await score({ 'shop/cart.py': solution }, {}, { command })).toMatchObject({ status: 'PASS' })
    expect(await score({}, {}, { command })).toMatchObject({ status: 'FAIL', score: 0.4 })
  })
  test('one that works in a folder of its own is no less controlled', async () => {
    const command = 'mv tests unit && touch unit/pytest.ini && cd unit && PYTHONPATH=.. pytest -q'
    expect(await score({ 'shop/cart.py': solution }, {}, { command })).toMatchObject({ status: 'PASS' })
    expect(await score(cheaters['empties every test from source'] ?? {}, {}, { command })).toMatchObject({ status: 'FAIL' })
  })
  test("one that reports nothing is the author's to mend", async () => {
    for (const command of ['true', 'pytset', 'env -i PATH=$PATH python3 -I -c "print(1)"']) {
      await expect(score({}, {}, { command })).rejects.toMatchObject({ code: 'scorer_broken' })
    }
  })
  test('one that hangs is stopped, and what it reported until then does not pass', async () => {
    const found = await score(
      { 'shop/cart.py': `import time\n\n\n${solution.replace('    return sum', '    time.sleep(60)\n    return sum')}` },
      {},
      { timeout_s: 4 },
    )
    expect(found.status).toBe('FAIL')
    expect(found.evidence).toContain('stopped after 4 s')
    expect(found.evidence).toContain('never ran: tests/test_cart.py::test_empty')
  })
})

describe('named tests', { timeout: 240_000 }, () => {
  const named = { fail_to_pass: ['tests/test_cart.py::test_total'], pass_to_pass: ['tests/test_cart.py::test_empty'] }
  const halfDone = solution.replace('.lower()', '')

  test('others may fail', async () => {
    expect(await score({ 'shop/cart.py': halfDone }, {}, named)).toMatchObject({ status: 'PASS' })
    expect(await score({}, {}, named)).toMatchObject({ status: 'FAIL' })
    expect(await score({ 'shop/cart.py': halfDone })).toMatchObject({ status: 'FAIL' })
  })
  test('may be ones that the baseline does not even collect', async () => {
    const files = await grading.pack({
      'tests/test_new.py': 'from shop.cart import count\n\n\ndef test_count():\n    assert count([1, 2]) == 2\n',
    })
    const added = { 'shop/cart.py': `${halfDone}\n\ndef count(prices):\n    return len(prices)\n` }
    for (const more of [{ fail_to_pass: ['tests/test_new.py::test_count'] }, {}]) {
      const at = {
        options: { ...options, ...more, command: 'python -m pytest -q tests/test_new.py' },
        files,
        sample: { exercise: grading.exercise },
      }
      expect(await scoreOf('tests', { ...at, room: grading.room(added) })).toMatchObject({ status: 'PASS' })
      expect(await scoreOf('tests', { ...at, room: grading.room({}) })).toMatchObject({ status: 'FAIL' })
    }
  })
})

describe('the baseline', { timeout: 240_000 }, () => {
  test('runs once for all runs of an exercise, also for those that ask at the same time', async () => {
    let baselines = 0
    const counted = (changes: Files) => {
      const room = grading.room(changes)
      const grade: typeof room.grade = (request) => {
        baselines += request.tree === 'baseline' ? 1 : 0
        return room.grade(request)
      }
      return { ...room, grade }
    }
    const ask = () =>
      scoreOf('tests', { options: { ...options, timeout_s: 61 }, room: counted({}), sample: { exercise: grading.exercise } })
    await Promise.all([ask(), ask(), ask()])
    await ask()
    expect(baselines).toBe(1)
  })
})

describe('JUnit XML and TAP', { timeout: 240_000 }, () => {
  const junit = { format: 'junit', results: 'out/report.xml', command: 'python -m pytest -q --junitxml out/report.xml' }
  const control = { negative_control: { command: `sed -i 's/assert .*/assert False/' tests/test_cart.py; ${junit.command}` } }

  test('JUnit: a report of the work counts, and one that lay there before does not', async () => {
    expect(await score({ 'shop/cart.py': solution }, {}, junit)).toMatchObject({ status: 'PASS', trust: 'unverified' })
    expect(await score({}, {}, junit)).toMatchObject({ status: 'FAIL' })
    const ids = ['test_empty', 'test_total[prices0-5]', 'test_total[prices1-6]'].map(
      (name) => `<testcase classname="tests.test_cart" name="${name}"/>`,
    )
    const slugs = ['test_blank', 'test_capitals'].map((name) => `<testcase classname="tests.test_cart.TestSlug" name="${name}"/>`)
    const planted = `<testsuite>${ids.join('')}${slugs.join('')}<testcase classname="tests.test_cart.TestSlug" name="test_umlaut"><skipped/></testcase></testsuite>`
    expect(await score({ ...cheaters['leaves with 0 at import'], 'out/report.xml': planted }, {}, junit)).toMatchObject({ status: 'FAIL' })
    expect(await score({ ...cheaters['leaves with 0 at import'], out: 'no folder' }, {}, junit)).toMatchObject({ status: 'FAIL' })
  })
  test("JUnit: with a control of the author's, a runner that always says yes is caught", async () => {
    const both = { ...junit, ...control }
    expect(await score({ 'shop/cart.py': solution }, {}, both)).toMatchObject({ status: 'PASS', trust: 'in-process' })
    const found = await score(cheaters['patches makereport from source'] ?? {}, {}, both)
    expect(found).toMatchObject({ status: 'FAIL', trust: 'in-process' })
    expect(found.evidence).toContain('reports success whatever the tests say')
  })
  test('TAP from node:test', async () => {
    const files = await grading.pack({
      'cart.test.mjs': `import test from 'node:test'; import assert from 'node:assert'; import { total } from './cart.mjs'
test('totals', async (t) => { await t.test('two', () => assert.equal(total([1, 2]), 3)); await t.test('none', () => assert.equal(total([]), 0)) })`,
    })
    const tap = {
      options: { format: 'tap', command: 'node --test --test-reporter=tap cart.test.mjs', timeout_s: 60, fail_to_pass: ['totals > two'] },
      files,
      sample: { exercise: grading.exercise },
    }
    const right = { 'cart.mjs': 'export const total = (prices) => prices.reduce((sum, price) => sum + price, 0)\n' }
    const wrongly = { 'cart.mjs': 'export const total = () => 0\n' }
    expect(await scoreOf('tests', { ...tap, room: grading.room(right) })).toMatchObject({ status: 'PASS', trust: 'unverified' })
    expect(await scoreOf('tests', { ...tap, room: grading.room(wrongly) })).toMatchObject({ status: 'FAIL' })
  })
})
