import { describe, expect, test } from 'vitest'
import { scoreOf } from '../../../support/scoring.ts'

const schema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } }, additionalProperties: false }

describe('output_schema', () => {
  test('checks the response as JSON, in a fence too, and lists what is wrong', async () => {
    expect((await scoreOf('output_schema', { options: { schema }, response: '```json\n{"n": 1}\n```' })).status).toBe('PASS')
    const score = await scoreOf('output_schema', { options: { schema }, response: '{"n": "1", "m": 2}' })
    expect(score).toMatchObject({ status: 'FAIL', trust: 'black-box' })
    expect(score.evidence).toContain('$.n: must be integer')
    expect(score.evidence).toContain('"additionalProperty":"m"')
    expect((await scoreOf('output_schema', { options: { schema }, response: 'hello' })).status).toBe('FAIL')
  })
  test("falls back to the agent's schema, and without any the author has to act", async () => {
    expect((await scoreOf('output_schema', { outputSchema: schema, response: '{"n": 1.5}' })).status).toBe('FAIL')
    await expect(scoreOf('output_schema', { response: '{}' })).rejects.toMatchObject({ code: 'scorer_broken' })
  })
  test('reads 2020-12, and draft-07 where the schema says so', async () => {
    const tuple = { prefixItems: [{ type: 'string' }], items: false }
    const older = { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }], additionalItems: false }
    for (const options of [{ schema: tuple }, { schema: older }]) {
      expect((await scoreOf('output_schema', { options, response: '["a"]' })).status).toBe('PASS')
      expect((await scoreOf('output_schema', { options, response: '["a", 1]' })).status).toBe('FAIL')
    }
  })
  test("a slow pattern or endless nesting of the response is a fail; a wrong schema is the author's", async () => {
    const slow = { schema: { type: 'string', pattern: '^(a+)+$' } }
    expect((await scoreOf('output_schema', { options: slow, response: `"${'a'.repeat(60)}!"` })).status).toBe('FAIL')
    const deep = { schema: { $defs: { list: { items: { $ref: '#/$defs/list' } } }, $ref: '#/$defs/list' } }
    expect((await scoreOf('output_schema', { options: deep, response: `${'['.repeat(5000)}${']'.repeat(5000)}` })).status).toMatch(
      /PASS|FAIL/,
    )
    await expect(scoreOf('output_schema', { options: { schema: { type: 'nonsense' } }, response: '{}' })).rejects.toMatchObject({
      code: 'scorer_broken',
    })
  })
})
