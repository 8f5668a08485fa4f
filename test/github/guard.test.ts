import { expect, test } from 'vitest'
import { limitsOf } from '../support/github/limits.ts'
import { openGuard } from '../support/github/openapi/guard.ts'
import { closed, forAjv } from '../support/github/openapi/schemas.ts'
import { there } from '../support/there.ts'

const guard = await openGuard()
const repo = '/repos/acme/agents'
const sent = (line: string, json?: unknown, type = 'application/json; charset=utf-8') => {
  const [method = '', address = ''] = line.split(' ')
  const { pathname: path, searchParams: query } = new URL(address, 'http://api')
  const body = json === undefined ? Buffer.alloc(0) : Buffer.isBuffer(json) ? json : Buffer.from(JSON.stringify(json))
  return { method, path, query, type: json === undefined ? undefined : type, body }
}
/** All that is wrong with a request, as the hub asks. */
const wrong = (line: string, json?: unknown, type?: string) => {
  const request = sent(line, json, type)
  const matched = guard.match(request)
  return matched ? [...guard.ofRequest(matched, request), ...limitsOf(matched.route, json)] : ['unknown']
}
const sha = 'a'.repeat(40)
const run = { name: 'proctor', head_sha: sha }
const line = { path: 'a.csv', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'm' }
const output = (more: object = {}) => ({ title: 't', summary: 's', ...more })
const annotated = (...annotations: readonly object[]) => ({ ...run, output: output({ annotations }) })
const button = { label: 'Re-run', description: 'again', identifier: 'rerun' }
const post = `POST ${repo}/check-runs`
const patch = `PATCH ${repo}/check-runs/1`

const good: readonly (readonly [line: string, json?: unknown, type?: string])[] = [
  [post, run],
  [post, { ...run, status: 'completed', conclusion: 'success', external_id: 'proctor:1.1', output: output(), actions: [button] }],
  [post, annotated(...Array.from({ length: 50 }, () => ({ ...line, title: 't', raw_details: 'd', start_column: 1, end_column: 2 })))],
  [patch, { conclusion: 'neutral' }],
  [patch, { output: output({ summary: 'é'.repeat(32_767) }) }],
  [`GET ${repo}/commits/heads%2Fmain/check-runs?filter=all&per_page=100&check_name=x&app_id=1`],
  [`GET ${repo}/commits/main`],
  [`POST ${repo}/issues/1/comments`, { body: 'x'.repeat(65_536) }],
  [`PATCH ${repo}/releases/1`, { body: 'x', prerelease: true }],
  [`POST ${repo}/releases/1/assets?name=report.html`, Buffer.from('<p>'), 'text/html'],
  [`GET ${repo}/git/ref/tags/v1`],
  [`GET ${repo}/compare/main...${sha}`],
  ['GET /user'],
  ['POST /app/installations/1/access_tokens', { repositories: ['agents'], permissions: { contents: 'read' } }],
]
test.each(good.map((asked) => ({ asked })))('takes $asked.0', ({ asked: [line, json, type] }) => {
  expect(wrong(line, json, type)).toEqual([])
})

const bad: readonly (readonly [what: string, line: string, json: unknown, why: RegExp, type?: string])[] = [
  ['an unknown path', `GET ${repo}/nothing`, undefined, /unknown/],
  ['an unknown method', `PUT ${repo}/check-runs`, run, /unknown/],
  ['an unknown query parameter', `GET ${repo}/pulls?sate=open`, undefined, /sate is unknown/],
  ['a query parameter of another type', `GET ${repo}/pulls?per_page=many`, undefined, /per_page: \/value must be integer/],
  ['a value that is none of the known', `GET ${repo}/pulls?state=half`, undefined, /state: \/value must be equal/],
  ['a missing field', post, { name: 'x' }, /required property 'head_sha'/],
  ['an unknown field', post, { ...run, summary: 's' }, /additional properties \(summary\)/],
  ['an unknown field further in', post, { ...run, output: output({ body: 'x' }) }, /\/output must NOT have additional properties \(body\)/],
  ['an unknown field of an item', post, annotated({ ...line, column: 1 }), /annotations\/0 must NOT have additional/],
  ['a wrong type', post, { ...run, name: 1 }, /\/name must be string/],
  ['a wrong conclusion', patch, { conclusion: 'passed' }, /\/conclusion must be equal/],
  ['no JSON', post, Buffer.from('{'), /is no JSON/],
  [
    'another media type',
    post,
    Buffer.from('a=1'),
    /type application\/x-www-form-urlencoded is not taken/,
    'application/x-www-form-urlencoded',
  ],
  ['no body', post, undefined, /a body is required/],
  ['completed without a conclusion', patch, { status: 'completed' }, /conclusion is required/],
  ['a conclusion of what goes on', patch, { status: 'in_progress', conclusion: 'success' }, /not completed/],
  ['GitHub’s own conclusion', patch, { conclusion: 'stale' }, /stale/],
  ['a short commit', post, { ...run, head_sha: 'abc123' }, /no full commit id/],
  ['a long name', post, { ...run, name: 'x'.repeat(256) }, /\/name/],
  ['a strange external id', post, { ...run, external_id: 'a b' }, /external_id/],
  ['51 annotations', post, annotated(...Array.from({ length: 51 }, () => line)), /more than 50/],
  ['a line zero', post, annotated({ ...line, start_line: 0 }), /below 1/],
  ['lines backwards', post, annotated({ ...line, start_line: 3, end_line: 2 }), /before start_line/],
  ['columns across lines', post, annotated({ ...line, end_line: 2, start_column: 1 }), /one line alone/],
  ['a long message', post, annotated({ ...line, message: 'é'.repeat(32_769) }), /longer than 64 KB/],
  ['long details', post, annotated({ ...line, raw_details: 'x'.repeat(65_537) }), /raw_details/],
  ['an empty message', post, annotated({ ...line, message: '' }), /empty/],
  ['a long title of an annotation', post, annotated({ ...line, title: 'x'.repeat(256) }), /title/],
  ['a path of no repository', post, annotated({ ...line, path: '../x' }), /path/],
  ['a summary by bytes', patch, { output: output({ summary: 'é'.repeat(32_768) }) }, /summary is longer than 65535 bytes/],
  ['a text by bytes', patch, { output: output({ text: 'x'.repeat(65_536) }) }, /text is longer/],
  ['a long title', patch, { output: output({ title: 'x'.repeat(256) }) }, /title/],
  ['four buttons', patch, { actions: [button, button, button, button] }, /more than 3/],
  ['a long label', patch, { actions: [{ ...button, label: 'x'.repeat(21) }] }, /label/],
  ['a long description', patch, { actions: [{ ...button, description: 'x'.repeat(41) }] }, /description/],
  ['a long identifier', patch, { actions: [{ ...button, identifier: 'x'.repeat(21) }] }, /identifier/],
  ['a long comment', `PATCH ${repo}/issues/comments/1`, { body: 'x'.repeat(65_537) }, /65536/],
  ['a blank comment', `POST ${repo}/issues/1/comments`, { body: ' ' }, /blank/],
  ['a long release', `PATCH ${repo}/releases/1`, { body: 'x'.repeat(65_537) }, /65536/],
  ['a release of no tag', `POST ${repo}/releases`, { tag_name: '' }, /tag_name/],
  ['a long label of an issue', `POST ${repo}/labels`, { name: 'x'.repeat(51) }, /name/],
  ['a long description of a label', `POST ${repo}/labels`, { name: 'x', description: 'x'.repeat(101) }, /description/],
  ['an unknown permission', 'POST /app/installations/1/access_tokens', { permissions: { content: 'read' } }, /content/],
  ['an unknown reaction', `POST ${repo}/issues/comments/1/reactions`, { content: 'wow' }, /content/],
]
test.each(bad.map(([what, ...asked]) => ({ what, asked })))('refuses $what', ({ asked: [line, json, why, type] }) => {
  expect(wrong(line, json, type).join('\n')).toMatch(why)
})

test('the route with the most literal text is meant, and names may hold slashes', () => {
  const route = (path: string) => guard.match({ method: 'GET', path: `${repo}/${path}` })
  expect(there(route('commits/feature/x/check-runs'))).toMatchObject({
    route: expect.stringContaining('{ref}/check-runs'),
    parameters: { ref: 'feature/x' },
  })
  expect(there(route('contents/a%2Fb/c.txt')).parameters).toMatchObject({ path: 'a/b/c.txt' })
  expect(there(route('releases/latest')).route).toBe('GET /repos/{owner}/{repo}/releases/latest')
})

test('an answer has one of the known statuses, and the fields that are promised', () => {
  const of = (line: string, status: number, body?: unknown) => guard.ofAnswer(there(guard.match(sent(line))), status, body)
  expect(of(`GET ${repo}/commits/main/check-runs`, 200, { total_count: 0, check_runs: [] })).toEqual([])
  expect(of(`GET ${repo}/commits/main/check-runs`, 200, { total_count: '0', check_runs: [{}] }).join('\n')).toMatch(
    /must be integer(.|\n)*required property 'id'/,
  )
  expect(of(`GET ${repo}/commits/main/check-runs`, 201, {})).toEqual([expect.stringContaining('status 201 is not one of 200')])
  expect(of('DELETE /installation/token', 204, {})).toEqual(['status 204 has no body'])
  expect(of('DELETE /installation/token', 204)).toEqual([])
  expect(of(`GET ${repo}/pulls/1`, 418, { message: 'x' })).toEqual([])
})

test('schemas of OpenAPI become such of ajv', () => {
  const one = { type: 'string', nullable: true, enum: ['a'], description: 'prose', example: 'a' }
  expect(forAjv(one)).toEqual({ type: ['string', 'null'], enum: ['a', null] })
  expect(forAjv({ nullable: true, allOf: [{ type: 'object' }] })).toEqual({ anyOf: [{ allOf: [{ type: 'object' }] }, { type: 'null' }] })
  expect(forAjv({ properties: { title: one, nullable: { type: 'boolean' } } })).toEqual({
    properties: { title: { type: ['string', 'null'], enum: ['a', null] }, nullable: { type: 'boolean' } },
  })
  expect(closed({ type: 'object', properties: { a: {} }, anyOf: [{ properties: { b: {} } }] })).toMatchObject({
    properties: { a: {}, b: {} },
    additionalProperties: false,
  })
  expect(closed({ type: 'object', additionalProperties: { type: 'string' } })).toEqual({
    type: 'object',
    additionalProperties: { type: 'string' },
  })
})
