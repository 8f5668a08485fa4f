import { describe, expect, test } from 'vitest'
import { readJunit } from '../../../../runner/grade/formats/junit.ts'
import { readPytest } from '../../../../runner/grade/formats/pytest.ts'
import { readTap } from '../../../../runner/grade/formats/tap.ts'
import type { TestResults } from '../../../../runner/grade/test-results.ts'

const statuses = ({ tests }: TestResults) => Object.fromEntries([...tests].map(([id, { status }]) => [id, status]))

describe('JUnit XML', () => {
  test('reads what runners write, suite in suite', () => {
    const xml = `<?xml version="1.0"?><testsuites><testsuite name="s"><testsuite>
      <testcase classname="tests.A" name="a&lt;1&gt;" time="0.1"/>
      <testcase classname="tests.A" name="b"><failure message="assert 1 == 2&#10;more"><![CDATA[<testcase name="no"/>]]></failure></testcase>
      <testcase classname="tests.A" name="c"><error>boom</error><system-out>ok</system-out></testcase>
      <testcase file="x.js" name="d"><skipped/></testcase><testcase name="e"/>
    </testsuite></testsuite></testsuites>`
    const found = readJunit([xml])
    expect(statuses(found)).toEqual({
      'tests.A::a<1>': 'passed',
      'tests.A::b': 'failed',
      'tests.A::c': 'failed',
      'x.js::d': 'skipped',
      e: 'passed',
    })
    expect(found.tests.get('tests.A::b')?.detail).toBe('assert 1 == 2')
  })
  test('two tests of one name are two tests, in one report or in several', () => {
    const xml = '<testsuite><testcase classname="c" name="n"/><testcase classname="c" name="n"><failure/></testcase></testsuite>'
    expect(statuses(readJunit([xml, xml]))).toEqual({ 'c::n': 'passed', 'c::n (2)': 'failed', 'c::n (3)': 'passed', 'c::n (4)': 'failed' })
  })
  test('a suite that failed by itself is uncollected', () => {
    expect([...readJunit(['<testsuite name="s"><error message="import failed"/></testsuite>']).uncollected]).toEqual([
      ['s', 'import failed'],
    ])
  })
  test.each([
    ['entities of its own', '<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'],
    ['external entities', '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&a;"/></testsuite>'],
    ['an unclosed test', '<testsuite><testcase name="a">'],
    ['tags that cross', '<testsuite><testcase name="a"></testsuite></testcase>'],
    ['no XML', 'PASSED all'],
  ])('%s proves nothing', (_, xml) => {
    const found = readJunit([xml])
    expect([...found.tests.values()].filter(({ status }) => status === 'passed')).toEqual([])
    expect(found.uncollected.size).toBeGreaterThan(0)
  })
  test('deep nesting and long names are bounded', () => {
    expect(readJunit([`${'<a>'.repeat(200_000)}`]).tests.size).toBe(0)
    expect(readJunit([`<testsuite><testcase name="${'x'.repeat(100_000)}"/></testsuite>`]).tests.size).toBe(0)
  })
})

describe('TAP', () => {
  test('reads points, directives and subtests between other output', () => {
    const text = `TAP version 13
hello
# Subtest: math
    # Subtest: adds
    ok 1 - adds
      ---
      duration_ms: 1
      not ok 9 - in yaml
      ...
    not ok 2 - subtracts
    1..2
not ok 1 - math
ok 2 - later # SKIP no network
not ok 3 - someday # TODO
ok 4
ok - same
ok - same
okay this is prose
1..6`
    expect(statuses(readTap(text))).toEqual({
      'math > adds': 'passed',
      'math > subtracts': 'failed',
      math: 'failed',
      later: 'skipped',
      someday: 'skipped',
      unnamed: 'passed',
      same: 'passed',
      'same (2)': 'passed',
    })
  })
  test('a bail-out is uncollected', () => {
    expect([...readTap('ok 1 - a\nBail out! no database').uncollected.keys()]).toEqual(['the run'])
  })
})

describe('pytest', () => {
  const line = (id: string, when: string, outcome: string, detail = '') => JSON.stringify({ id, when, outcome, detail })
  test('set-up, body and tear-down make one result; a broken line makes none', () => {
    const lines = [
      ...['a', 'b', 'c', 'd', 'e'].map((id) => JSON.stringify({ collected: id })),
      ...[line('a', 'setup', 'passed'), line('a', 'call', 'passed'), line('a', 'teardown', 'passed')],
      ...[line('b', 'setup', 'passed'), line('b', 'call', 'passed'), line('b', 'teardown', 'failed', 'lost')],
      ...[line('c', 'setup', 'skipped', 'no'), line('d', 'setup', 'passed'), line('f', 'call', 'passed')],
      JSON.stringify({ uncollected: 'x.py', detail: 'SyntaxError' }),
      ...['{"id": "e", "when": "call", "outc', '[]', 'null', '"x"'],
    ]
    const found = readPytest(lines.join('\n'))
    expect(statuses(found)).toEqual({ a: 'passed', b: 'failed', c: 'skipped', d: 'unrun', e: 'unrun', f: 'passed' })
    expect(found.uncollected.get('x.py')).toBe('SyntaxError')
  })
  test('what failed stays failed, whatever is said later', () => {
    expect(statuses(readPytest([line('a', 'call', 'failed'), line('a', 'call', 'passed')].join('\n')))).toEqual({ a: 'failed' })
  })
})
