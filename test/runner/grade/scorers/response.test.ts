import { describe, expect, test } from 'vitest'
import { scoreOf } from '../../../support/scoring.ts'

const status = async (options: Parameters<typeof scoreOf>[1]['options'], response: string, sample = {}) =>
  (await scoreOf('response', { options: options ?? {}, response, sample })).status

describe('response', () => {
  test('exact compares the whole text but for blanks around it and the kind of line breaks', async () => {
    expect(await status({ exact: 'a\nb' }, ' a\r\nb \n')).toBe('PASS')
    expect(await status({ exact: 'a' }, 'a b')).toBe('FAIL')
    expect(await status({ exact: 'Yes' }, 'yes')).toBe('FAIL')
    expect(await status({ exact: 'Yes', ignore_case: true }, 'yes')).toBe('PASS')
  })
  test('takes expected values from the row', async () => {
    expect(await status({ exact: { column: 'expected' } }, '42', { expected: '42' })).toBe('PASS')
    expect(await status({ exact: { column: 'expected' } }, '42', { expected: 42 })).toBe('PASS')
    expect(await status({ contains: { column: 'city' } }, 'It is Oslo.', { input: { city: 'Oslo' } })).toBe('PASS')
    await expect(status({ contains: { column: 'nowhere' } }, 'x')).rejects.toMatchObject({ code: 'scorer_broken' })
    await expect(status({ contains: { column: '__proto__' } }, 'x')).rejects.toMatchObject({ code: 'scorer_broken' })
  })
  test('every condition has to hold', async () => {
    const score = await scoreOf('response', { options: { contains: 'please', regex: '^\\d+$' }, response: 'yes please' })
    expect(score).toMatchObject({ status: 'FAIL', score: 0, trust: 'black-box' })
    expect(score.evidence).toContain('No match of /^\\d+$/')
    expect(score.evidence).not.toContain('Not contained')
  })
  test("an empty `contains`, no condition at all and a wrong pattern are the author's mistakes", async () => {
    for (const options of [{ contains: ' ' }, {}, { regex: '(' }])
      await expect(status(options, 'x')).rejects.toMatchObject({ code: 'scorer_broken' })
  })
  test('a pattern that backtracks without end on a hostile response fails, and soon', async () => {
    const started = performance.now()
    const score = await scoreOf('response', { options: { regex: '^(a+)+$' }, response: `${'a'.repeat(60)}!` })
    expect(score.status).toBe('FAIL')
    expect(score.evidence).toContain('did not finish')
    expect(performance.now() - started).toBeLessThan(5000)
    expect(await status({ regex: '^a+$' }, 'aaa')).toBe('PASS')
  })
  test('json_equals is blind to key order and fences, and names the places that differ', async () => {
    const wanted = { a: 1, b: [1, { c: null }] }
    expect(await status({ json_equals: wanted }, '```json\n{"b": [1, {"c": null}], "a": 1}\n```')).toBe('PASS')
    expect(await status({ json_equals: '{"a": 1}' }, '{"a":1}')).toBe('PASS')
    expect(await status({ json_equals: { column: 'expected' } }, '[1,2]', { expected: '[1, 2]' })).toBe('PASS')
    const score = await scoreOf('response', { options: { json_equals: wanted }, response: '{"a": "1", "b": [1, {}], "toString": 1}' })
    expect(score.status).toBe('FAIL')
    expect(score.evidence).toContain('$.a: expected 1, found "1"')
    expect(score.evidence).toContain('$.b[1].c: expected null, found nothing')
    expect(score.evidence).toContain('$.toString: expected nothing, found 1')
    expect(await status({ json_equals: [] }, '{}')).toBe('FAIL')
    expect(await status({ json_equals: { a: 1 } }, 'no json')).toBe('FAIL')
  })
  test('an agent that ended with an error has no response, whatever it wrote', async () => {
    const ended = { as: 'error', code: 'agent_exception', message: 'boom' } as const
    const score = await scoreOf('response', { options: { contains: 'boom' }, response: 'boom', ended })
    expect(score).toMatchObject({ status: 'FAIL' })
    expect(score.evidence).toContain('agent_exception')
  })
  test('evidence is short, and has no control characters in it', async () => {
    const score = await scoreOf('response', { options: { exact: 'x' }, response: `\u001b[31m${'é'.repeat(50_000)}\u0000\u202e` })
    expect(Buffer.byteLength(score.evidence)).toBeLessThanOrEqual(4096)
    for (const character of ['\u001b', '\u0000', '\u202e']) expect(score.evidence).not.toContain(character)
  })
})
