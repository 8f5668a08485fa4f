import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { main } from '../src/main.js'

const log = `10.0.0.1 - - [01/Mar/2025:10:00:00 +0000] "GET / HTTP/1.1" 200 10 "-" "-" 0.010
10.0.0.2 - - [01/Mar/2025:10:30:00 +0000] "GET /?a=1 HTTP/1.1" 200 10 "-" "-" 0.030
10.0.0.2 - - [01/Mar/2025:11:00:00 +0000] "POST /login HTTP/1.1" 503 10 "-" "-" 1.500

what is this
10.0.0.3 - - [01/Mar/2025:12:00:00 +0000] "GET /login HTTP/1.1" 200 10 "-" "-"
`

async function run(...argv) {
  const said = { out: '', err: '' }
  const status = await main(argv, {
    stdin: Readable.from([log]),
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
  })
  return { status, ...said }
}

test('counts paths without their query', async () => {
  const { status, out } = await run('--json')
  assert.equal(status, 0)
  assert.deepEqual(JSON.parse(out), {
    by: 'path',
    rows: [
      { key: '/', requests: 2, share: 0.5, errors: 0, p50: 10, p95: 30 },
      { key: '/login', requests: 2, share: 0.5, errors: 1, p50: 1500, p95: 1500 },
    ],
    requests: 4,
    unreadable: 1,
  })
})

test('prints a table', async () => {
  const { out } = await run('--by', 'status', '--top', '1')
  const lines = out.trimEnd().split('\n')
  assert.equal(lines.length, 3)
  assert.match(lines[1], /^200 +3 +75\.0% +0 +10 +30$/)
  assert.equal(lines[2], '4 requests, 1 unreadable line')
})

test('keeps to a time range', async () => {
  const { out } = await run('--json', '--by=hour', '--since=2025-03-01T10:30:00Z', '--until=2025-03-01T12:00:00Z')
  assert.deepEqual(JSON.parse(out).rows.map((row) => row.key), ['2025-03-01T10:00Z', '2025-03-01T11:00Z'])
})

test('says what is wrong and ends with 2', async () => {
  assert.deepEqual(await run('--top'), { status: 2, out: '', err: 'loglens: --top needs a value\n' })
  const missing = await run('/does/not/exist.log')
  assert.equal(missing.status, 2)
  assert.match(missing.err, /^loglens: ENOENT/)
})

test('help and version', async () => {
  assert.match((await run('--help')).out, /--since TIME/)
  assert.match((await run('--version')).out, /^\d+\.\d+\.\d+\n$/)
})
