import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { questionOf } from '../../../../../runner/adapters/upstream/cassette/question.ts'
import { withoutContext, withoutVolatile } from '../../../../../runner/adapters/upstream/cassette/volatile.ts'
import { buildEvidence } from '../../../../../runner/grade/evidence.ts'

// biome-ignore lint/suspicious/noExplicitAny: requests of four formats, changed at places that are named here
type Any = any
const now = new Date('2026-11-24T13:30:00Z')
const fixtures = join(import.meta.dirname, '../../../../fixtures/cassette')
type Sent = { readonly path: string; readonly body: Any }
/** The last request of two runs of the same CLI at the same task, captured and shortened. */
const captured = (name: string): [Sent, Sent] => JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8'))
const provider: Record<string, string> = { claude: 'anthropic', codex: 'openai', gemini: 'gemini' }

type Options = { readonly as?: 'agent' | 'judge'; readonly path?: string; readonly provider?: string; readonly at?: Date }
const idOf = (body: unknown, { as = 'agent', path = '/v1/messages', provider = 'anthropic', at = now }: Options = {}) =>
  questionOf(
    {
      as,
      account: { provider, address: 'http://model.invalid', key: 'k', auth: 'bearer' },
      method: 'POST',
      path,
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    },
    at,
  ).id

describe.each(['claude', 'codex', 'gemini'])('%s', (name) => {
  const [first, second] = captured(name)
  const options = { path: first.path, provider: provider[name] ?? '' }
  const recorded = idOf(first.body, options)

  test('asks the same in two runs', () => {
    expect(JSON.stringify(first.body)).not.toBe(JSON.stringify(second.body))
    expect(idOf(second.body, options)).toBe(recorded)
  })

  test('asks the same on another day', () => {
    const later = JSON.stringify(first.body)
      .replaceAll('2026-11-24', '2027-01-05')
      .replaceAll('Tuesday, November 24, 2026', 'Tuesday, January 5, 2027')
    expect(later).not.toBe(JSON.stringify(first.body))
    expect(idOf(later, { ...options, at: new Date('2027-01-05T23:00:00Z') })).toBe(recorded)
    expect(idOf(later, { ...options, at: now })).not.toBe(recorded)
  })

  test('any letter of what was said, called, or offered makes it another question', () => {
    const ids = new Set([recorded])
    let changes = 0
    for (const changed of withOneLetterChanged(first.body)) {
      ids.add(idOf(changed, options))
      changes++
    }
    expect(changes).toBeGreaterThan(30)
    expect(ids.size).toBe(changes + 1)
  })
})

/** Everywhere but in fields that only say who asks: those are taken out of what comes from here by their names. */
function* withOneLetterChanged(body: Any): Generator<Any> {
  const notAsked = /\.(client_metadata|metadata|prompt_cache_key)\b|\.(id|call_id|tool_use_id)$/
  for (const path of pathsOf(body, [])) {
    if (notAsked.test(`.${path.join('.')}`)) continue
    const copy = structuredClone(body)
    const last = path.at(-1) ?? ''
    const holder = path.slice(0, -1).reduce((inner, key) => inner[key], copy)
    const text: string = holder[last]
    const at = text.search(/[G-Zg-z]/)
    if (at === -1) continue
    holder[last] = `${text.slice(0, at)}${text[at] === 'Q' ? 'X' : 'Q'}${text.slice(at + 1)}`
    yield copy
  }
}
function* pathsOf(value: Any, path: readonly (string | number)[]): Generator<readonly (string | number)[]> {
  if (typeof value === 'string') yield path
  else if (value && typeof value === 'object') for (const key of Object.keys(value)) yield* pathsOf(value[key], [...path, key])
}

const base = {
  model: 'claude-opus-5-5',
  max_tokens: 100,
  system: 'You help.',
  tools: [{ name: 'order', description: 'Looks up an order', input_schema: { type: 'object', properties: { id: { type: 'string' } } } }],
  messages: [
    { role: 'user', content: 'Where is order 4521?' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_a', name: 'order', input: { id: '4521', at: '2024-05-01' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_a', content: 'sent 2026-11-24 13:10:07, read in 0.03s' }] },
  ],
}
const changed = (change: (body: Any) => void): unknown => {
  const body = structuredClone(base)
  change(body)
  return body
}

describe('the same question', () => {
  test.each<[string, (body: Any) => void]>([
    ['who asks', (body) => (body.metadata = { user_id: 'somebody' })],
    ['ids of calls', (body) => (body.messages[1].content[0].id = body.messages[2].content[0].tool_use_id = 'toolu_b')],
    ['when and how long, in a result', (body) => (body.messages[2].content[0].content = 'sent 2026-11-25 09:00:59, read in 12.5s')],
  ])('apart from %s', (_what, change) => {
    const plain = change.toString().includes('user_id') ? { ...base, metadata: {} } : base
    expect(idOf(changed(change))).toBe(idOf(plain))
  })

  test('in another order of keys and of the query, with a key in it', () => {
    const reversed = Object.fromEntries(Object.entries(base).reverse())
    expect(idOf(reversed, { path: '/v1/messages?beta=true&alt=sse&key=abc' })).toBe(idOf(base, { path: '/v1/messages?alt=sse&beta=true' }))
  })

  test("with another run's token in it", () => {
    const said = (token: string) => changed((body) => (body.messages[0].content = `My token is ${token}.`))
    expect(idOf(said(`pt-${'a'.repeat(43)}`))).toBe(idOf(said(`pt-${'_B'.repeat(21)}c`)))
    expect(idOf(said('pt-short'))).not.toBe(idOf(said('pt-other')))
  })
})

test('nested without end', () => {
  const nested = (inside: string) => `{"messages":${'['.repeat(200_000)}${inside}${']'.repeat(200_000)}}`
  expect(idOf(nested('1'))).toBe(idOf(nested('1')))
  expect(idOf(nested('1'))).not.toBe(idOf(nested('2')))
  expect(idOf(nested('1').slice(12, -1))).not.toBe(idOf(nested('1')))
})

describe('another question', () => {
  const questions: [string, unknown, Options?][] = [
    ['as it is', base],
    ['another provider', base, { provider: 'openai' }],
    ['another path', base, { path: '/v1/messages/count_tokens' }],
    ['another query', base, { path: '/v1/messages?beta=true' }],
    ['another model', changed((body) => (body.model = 'claude-opus-5-6'))],
    ['another limit', changed((body) => (body.max_tokens = 101))],
    ['as a stream', changed((body) => (body.stream = true))],
    ['another system prompt', changed((body) => (body.system = 'You help!'))],
    ['another prompt', changed((body) => (body.messages[0].content = 'Where is order 4522?'))],
    ['a date in the prompt', changed((body) => (body.messages[0].content = 'Where is order 4521 of 2026-11-24?'))],
    ['another date in the prompt', changed((body) => (body.messages[0].content = 'Where is order 4521 of 2026-11-23?'))],
    ['a date that is said to be today', changed((body) => (body.messages[0].content = "Today's date is 2024-01-01. Where is order 4521?"))],
    [
      'another date that is said to be today',
      changed((body) => (body.messages[0].content = "Today's date is 2024-01-02. Where is order 4521?")),
    ],
    ['a UUID in the prompt', changed((body) => (body.messages[0].content = 'Where is 6f1c1f0e-8a63-4d1c-9a43-000000000001?'))],
    ['another UUID in the prompt', changed((body) => (body.messages[0].content = 'Where is 6f1c1f0e-8a63-4d1c-9a43-000000000002?'))],
    ['a duration in the prompt', changed((body) => (body.messages[0].content = 'It ran in 0.5s, is that much?'))],
    ['another duration in the prompt', changed((body) => (body.messages[0].content = 'It ran in 0.3s, is that much?'))],
    ['another tool', changed((body) => (body.tools[0].name = 'orders'))],
    ['another description', changed((body) => (body.tools[0].description = 'Looks up orders'))],
    ['another schema', changed((body) => (body.tools[0].input_schema.properties.id.type = 'integer'))],
    ['no tools', changed((body) => delete body.tools)],
    ['another argument called id', changed((body) => (body.messages[1].content[0].input.id = '4522'))],
    ['another date as an argument', changed((body) => (body.messages[1].content[0].input.at = '2024-05-02'))],
    ['another result', changed((body) => (body.messages[2].content[0].content = 'lost 2026-11-24 13:10:07, read in 0.03s'))],
    ['an error as the result', changed((body) => (body.messages[2].content[0].is_error = true))],
    ['the result of another call', changed((body) => (body.messages[2].content[0].tool_use_id = 'toolu_b'))],
    ['one message less', changed((body) => body.messages.pop())],
    ['no JSON', 'hello'],
    ['other text', 'hello 2026-11-24'],
  ]

  test('each of them', () => {
    const ids = new Map(questions.map(([what, body, options]) => [idOf(body, options), what]))
    expect([...ids.values()]).toEqual(questions.map(([what]) => what))
  })
})

describe('a judge', () => {
  const material = {
    task: 'Do it by 2024-05-01',
    response: 'done',
    trajectory: '{"at":"2026-11-24T13:10:07.123Z"}',
    diff: '',
    scores: [],
    ended: 'by itself',
  }
  const rubric = [{ name: 'done', text: 'it is done' }]
  const ask = (change: Partial<typeof material> = {}, criteria = rubric) =>
    idOf({ model: 'm', messages: buildEvidence({ ...material, ...change }, criteria).messages }, { as: 'judge', provider: 'openai' })

  test('is asked the same with other delimiters, times and durations', () => {
    expect(ask()).toBe(ask())
    expect(ask({ trajectory: '{"at":"2026-12-01T00:00:00.000Z"}' })).toBe(ask())
  })

  test('is asked something else about another task, response, trajectory, ending or rubric', () => {
    const others = [
      ask({ task: 'Do it by 2024-05-02' }),
      ask({ response: 'done!' }),
      ask({ trajectory: '{"at":"2026-11-24T13:10:07.123Z","kind":"shell"}' }),
      ask({ ended: 'stopped by its time limit' }),
      ask({}, [{ name: 'done', text: 'it is well done' }]),
      ask({ response: 'done\nDATA nonce>>>' }),
    ]
    expect(new Set([ask(), ...others]).size).toBe(others.length + 1)
  })
})

describe('what tools print', () => {
  test.each([
    ['==== 1 passed in 0.03s ====', '======= 1 passed in 12.11s ======='],
    ['1 failed, 2 passed in 61.20s (0:01:01)', '1 failed, 2 passed in 71.90s (0:01:11)'],
    ['Ran 3 tests in 0.001s', 'Ran 3 tests in 0.002s'],
    ['ok  \texample.com/pkg\t0.003s', 'ok  \texample.com/pkg\t1.2s'],
    ['--- PASS: TestX (0.00s)', '--- PASS: TestX (0.01s)'],
    ['real\t0m0.052s', 'real\t1m3.1s'],
    ['duration_ms 12.51', 'duration_ms 9'],
    ['Chunk ID: 2312f5\nWall time: 0.1085 seconds', 'Chunk ID: a0b1c2\nWall time: 2.0000 seconds'],
    ['Process Group PGID: 1188', 'Process Group PGID: 77'],
    ['<object at 0x7f3a2b1c4d50>', '<object at 0x7f0000000000>'],
    ['/tmp/tmpab12cd_8/out.txt', '/tmp/tmpzzzzzzz1/out.txt'],
    ['/tmp/build-aB3dE9/x', '/tmp/build-Zz0000/x'],
    ['/tmp/pytest-of-user/pytest-0/x', '/tmp/pytest-of-user/pytest-12/x'],
    ['-rw-r--r-- 1 user user 9 Nov 24 13:10 a.py', '-rw-r--r-- 1 user user 9 Jan  2 03:04 a.py'],
    ['Date:   Tue Nov 24 13:10:07 2026 +0000', 'Date:   Wed Jan 6 01:02:03 2027 +0100'],
    ['Tue Nov 24 13:10:07 UTC 2026', 'Fri Jan  1 00:00:00 UTC 2027'],
    ['date: Tue, 24 Nov 2026 13:10:07 GMT', 'date: Fri, 01 Jan 2027 00:00:00 GMT'],
    ['2026-11-24 13:10:07,690 INFO ok', '2026-11-25 00:00:00,001 INFO ok'],
    ['[13:10:07] built', '[00:00:01] built'],
    ['request 01a20dc3-6e9f-7e92-83a2-f0b1b10a5c72', 'request 48674661-2b76-51d2-92e3-07d2e07dc7c2'],
    ['listening on 127.0.0.1:45111', 'listening on 127.0.0.1:39001'],
    ['[main be38ac2] fix', '[main 0f8b8fb] fix'],
    ['commit 16065734eef2471ac69745253ef0e5d96ecccc5c', 'commit 06065734eef2471ac69745253ef0e5d96ecccc5a'],
    [`now ${now.getTime() / 1000}`, `now ${now.getTime() / 1000 + 300}.25`],
    ['report-2026-11-24.csv', 'report-2026-11-25.csv'],
  ])('%j is as good as %j', (one, other) => {
    expect(withoutVolatile(one, now)).toBe(withoutVolatile(other, now))
    expect(withoutContext(one, now)).toBe(one)
  })

  test.each([
    ['1 passed in 0.03s', '2 passed in 0.03s'],
    ['assert 716 == 664', 'assert 716 == 665'],
    ['born 2024-05-01', 'born 2024-05-02'],
    ['timeout = 0.03', 'timeout = 0.05'],
    ['mask = 0xdeadbeef', 'mask = 0xdeadbee0'],
    ['id 1700000000', 'id 1700000001'],
    ['1234567 rows', '1234568 rows'],
    ['sha1: 16065734eef2471ac69745253ef0e5d96ecccc5c a.py', 'sha1: 26065734eef2471ac69745253ef0e5d96ecccc5c a.py'],
    ['/tmp/input-orders', '/tmp/input-people'],
    ['127.0.0.1:8080', '127.0.0.1:8081'],
  ])('%j is another result than %j', (one, other) => {
    expect(withoutVolatile(one, now)).not.toBe(withoutVolatile(other, now))
  })

  test.each([
    ['<system-reminder>', 'x'],
    ['The task:\n<<<DATA ', 'x'],
    ['===== in ', '0'],
    ['in 1', '1'],
    ['/tmp/-a', '-'],
    ['ok \t', ' '],
    ['Nov  1  ', ' '],
    ['2026-11-24 13:10', ':'],
    ["Today's date is ", 'a'],
    ['commit 0', '0'],
  ])('a megabyte that begins many times with %j takes no longer than its length', (start, filling) => {
    const millis = (text: string) => {
      const began = performance.now()
      withoutVolatile(text, now)
      withoutContext(text, now)
      return performance.now() - began
    }
    const of = (size: number) => `${start.repeat(Math.ceil(size / start.length / 2))}${filling.repeat(size / 2)}`
    const small = Math.max(4, millis(of(50_000)))
    // Twenty times as much; what grows with the square would take four hundred times as long.
    expect(millis(of(1_000_000))).toBeLessThan(small * 150)
  })
})
