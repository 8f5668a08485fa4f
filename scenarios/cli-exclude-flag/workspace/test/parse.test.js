import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLine } from '../src/parse.js'
import { parseTime } from '../src/time.js'

test('reads a combined line with a time', () => {
  const line = '10.0.0.1 - bob [01/Mar/2025:13:30:00 +0100] "GET /a/b?c=1 HTTP/1.1" 200 512 "-" "curl/8 \\"x\\"" 0.042'
  assert.deepEqual(parseLine(line), {
    ip: '10.0.0.1',
    at: Date.parse('2025-03-01T12:30:00Z'),
    method: 'GET',
    target: '/a/b?c=1',
    path: '/a/b',
    status: 200,
    bytes: 512,
    ms: 42,
  })
})

test('reads a common line', () => {
  const request = parseLine('::1 - - [01/Mar/2025:00:00:00 -0030] "POST / HTTP/2" 204 -')
  assert.equal(request.at, Date.parse('2025-03-01T00:30:00Z'))
  assert.equal(request.bytes, 0)
  assert.equal(request.ms, undefined)
})

const unreadable = {
  nothing: '',
  'another text': 'x',
  'an unknown month': '1.2.3.4 - - [01/Foo/2025:00:00:00 +0000] "GET / HTTP/1.1" 200 1',
  'a request that is none': '1.2.3.4 - - [01/Mar/2025:00:00:00 +0000] "\\x16\\x03" 400 0',
}
for (const [what, line] of Object.entries(unreadable)) {
  test(`gives undefined for ${what}`, () => {
    assert.equal(parseLine(line), undefined)
  })
}

test('times of the command line', () => {
  assert.equal(parseTime('2025-03-01'), Date.UTC(2025, 2, 1))
  assert.equal(parseTime('2025-03-01T12:30:00+01:00'), Date.UTC(2025, 2, 1, 11, 30))
  assert.equal(parseTime('2025-13-01'), undefined)
  assert.equal(parseTime('1 March'), undefined)
})
