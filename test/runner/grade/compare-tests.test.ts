import { describe, expect, test } from 'vitest'
import { compareTests } from '../../../runner/grade/compare-tests.ts'
import type { TestResults, TestStatus } from '../../../runner/grade/test-results.ts'

const results = (tests: Readonly<Record<string, TestStatus>>, uncollected: readonly string[] = []): TestResults => ({
  tests: new Map(Object.entries(tests).map(([id, status]) => [id, { status, detail: '' }])),
  uncollected: new Map(uncollected.map((file) => [file, 'ImportError'])),
})
const none = { failToPass: undefined, passToPass: undefined }
const problems = (...given: Parameters<typeof compareTests>) => compareTests(...given).problems.map(({ id, what }) => `${what} ${id}`)

describe('expected tests', () => {
  const baseline = results({ 'a.py::one': 'failed', 'a.py::two': 'passed', 'a.py::off': 'skipped' })

  test('are all of the baseline, whatever became of them there', () => {
    expect(problems(results({ 'a.py::one': 'passed', 'a.py::two': 'passed', 'a.py::off': 'skipped' }), baseline, none)).toEqual([])
    expect(problems(results({ 'a.py::one': 'failed', 'a.py::off': 'passed' }), baseline, none)).toEqual([
      'missing a.py::two',
      'failed a.py::one',
    ])
  })
  test('may be skipped only where the baseline skips them', () => {
    const ran = results({ 'a.py::one': 'passed', 'a.py::two': 'skipped', 'a.py::off': 'skipped' })
    expect(problems(ran, baseline, none)).toEqual(['skipped a.py::two'])
    expect(problems(ran, baseline, { failToPass: ['a.py::off'], passToPass: undefined })).toEqual(['skipped a.py::off'])
  })
  test('that never came to an end have not passed', () => {
    expect(problems(results({ 'a.py::one': 'unrun', 'a.py::two': 'passed', 'a.py::off': 'skipped' }), baseline, none)).toEqual([
      'never ran a.py::one',
    ])
  })
  test('beside the others are shown, and count for nothing', () => {
    const compared = compareTests(
      results({ 'a.py::one': 'passed', 'a.py::two': 'passed', 'a.py::off': 'skipped', 'a.py::new': 'passed' }),
      baseline,
      none,
    )
    expect(compared).toMatchObject({ problems: [], extra: ['a.py::new'], expected: 2, skipped: 1, failedOutside: false })
  })
  test('of a file that the baseline could not collect are at least one of it', () => {
    const broken = results({}, ['a.py'])
    expect(problems(results({ 'a.py::one': 'passed' }), broken, none)).toEqual([])
    expect(problems(results({ 'b.py::one': 'passed' }), broken, none)).toEqual(['missing a.py'])
    expect(problems(results({}, ['a.py']), broken, none)).toEqual(['missing a.py'])
  })
})

describe('named tests', () => {
  const ran = results({
    'a.py::t[1]': 'passed',
    'a.py::t[2]': 'failed',
    'a.py::C::u': 'passed',
    'a.py::tt': 'failed',
    'b.py::x[a b c]': 'passed',
  })
  const named = (...failToPass: string[]) => problems(ran, results({}), { failToPass, passToPass: undefined })

  test('are an id, or what begins ids: a file, a class, a test for all of its parameters', () => {
    expect(named('a.py::t[1]')).toEqual([])
    expect(named('a.py::t')).toEqual(['failed a.py::t[2]'])
    expect(named('a.py::C')).toEqual([])
    expect(named('b.py')).toEqual([])
    expect(named('a.py')).toEqual(['failed a.py::t[2]', 'failed a.py::tt'])
  })
  test('that match nothing are missing, and half a word matches nothing', () => {
    expect(named('a.py::gone', 'a.p', 'a.py::C::')).toEqual(['missing a.py::gone', 'missing a.p', 'missing a.py::C::'])
  })
  test('that a published list cut inside their parameters still match', () => {
    expect(named('b.py::x[a b')).toEqual([])
  })
  test('others may fail, and that is known', () => {
    expect(compareTests(ran, results({}), { failToPass: ['a.py::C::u'], passToPass: undefined })).toMatchObject({
      problems: [],
      failedOutside: true,
    })
  })
})
