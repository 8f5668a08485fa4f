import { describe, expect, test } from 'vitest'
import type { SessionFile } from '../../../../../runner/agents/cli/cli.ts'
import { bodies, type Cli, events, liveOf, type Read, read, recording, recordings } from './recordings.ts'

/** The same numbers in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
const among = (next: () => number, count: number) => Math.floor(next() * count)

/** What holds for every transcript, whatever it was read from. */
function expectSound({ steps, response, skipped }: Read): void {
  expect(skipped).toBeGreaterThanOrEqual(0)
  expect(steps.length).toBeLessThanOrEqual(4001)
  expect(Buffer.byteLength(response)).toBeLessThanOrEqual(66 * 1024)
  for (const { at, body } of steps) {
    expect(Number.isFinite(at.getTime())).toBe(true)
    const json = JSON.stringify(body)
    expect(json.length).toBeLessThan(1024 * 1024)
    expect(JSON.parse(json)).toEqual(body)
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
}

const inLines = (stream: Buffer): string[] => stream.toString().split(/(?<=\n)/)
const shuffled = <T>(all: readonly T[], next: () => number): T[] =>
  all
    .map((value) => ({ value, order: next() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ value }) => value)

describe.each(recordings)('$name', ({ cli, stream, sessions }) => {
  const whole = read(cli, [stream])

  test('cut off after any line, what came before is still there', () => {
    const lines = inLines(stream)
    for (let kept = 0; kept <= lines.length; kept += 1) {
      const shown = liveOf(cli, lines.slice(0, kept))
      expect(shown).toEqual(whole.live.slice(0, shown.length))
      const cut = read(cli, lines.slice(0, kept))
      expect(cut.live.slice(0, shown.length)).toEqual(shown)
      expect(cut.steps.length).toBeGreaterThanOrEqual(Math.min(shown.length, 1))
      for (const body of shown) expect(bodies(cut)).toContainEqual(body)
      expectSound(cut)
    }
  })

  test('cut off after any byte, nothing is thrown and nothing is lost', () => {
    for (let end = 0; end <= stream.length; end += Math.max(1, Math.floor(stream.length / 150))) {
      const shown = liveOf(cli, [stream.subarray(0, end)])
      expect(shown).toEqual(whole.live.slice(0, shown.length))
      expectSound(read(cli, [stream.subarray(0, end)], sessions))
    }
  })

  test('in pieces of any size it reads the same', () => {
    const next = random(1)
    for (let round = 0; round < 5; round += 1) {
      const pieces: Uint8Array[] = []
      for (let at = 0; at < stream.length; ) {
        const end = at + 1 + among(next, round === 0 ? 1 : 300)
        // A copy that is overwritten afterwards, as a reused buffer would be.
        pieces.push(stream.subarray(at, end))
        at = end
      }
      expect(read(cli, pieces)).toEqual(whole)
    }
  })

  test('lines in any order, twice or not at all, never throw', () => {
    const next = random(2)
    const lines = inLines(stream)
    for (let round = 0; round < 20; round += 1) {
      const picked = shuffled([...lines, ...lines], next).filter(() => next() < 0.7)
      expectSound(read(cli, picked, sessions))
    }
  })

  test('session logs that are cut, mixed or of another CLI never throw', () => {
    const next = random(3)
    const others = recordings.flatMap((each) => each.sessions)
    for (const { path, bytes } of others) {
      const broken: SessionFile[] = [
        { path, bytes: bytes.subarray(0, among(next, bytes.length)) },
        { path, bytes: Buffer.from(shuffled(inLines(Buffer.from(bytes)), next).join('')) },
        { path, bytes: mutatedBytes(bytes, next) },
      ]
      for (const file of broken) {
        expectSound(read(cli, [stream], [file]))
        expectSound(read(cli, [], [file]))
      }
    }
  })

  test('bytes that are no UTF-8 never throw', () => {
    const next = random(4)
    for (let round = 0; round < 20; round += 1) expectSound(read(cli, [mutatedBytes(stream, next)], sessions))
  })
})

function mutatedBytes(bytes: Uint8Array, next: () => number): Buffer {
  const changed = Buffer.from(bytes)
  for (let count = 0; count < 20 && changed.length > 0; count += 1) changed[among(next, changed.length)] = among(next, 256)
  return changed
}

const nested = (depth: number, [open, close]: readonly [string, string]) => `${open.repeat(depth)}1${close.repeat(depth)}`
/** Values that a reader does not expect, as JSON text. */
const odd: readonly string[] = [
  'null',
  '0',
  '-1',
  '1e400',
  '-1e400',
  '1e308',
  '123456789012345678901234567890',
  'true',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '[]',
  '{}',
  '[null]',
  '[[[]]]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '"__proto__"',
  '"constructor"',
  '{"text":{"text":{"text":1}}}',
  '{"toString":1,"valueOf":2}',
  '"-----BEGIN"',
  '["a","b"]',
  '{"length":4294967296}',
  nested(5000, ['[', ']']),
  nested(5000, ['{"a":', '}']),
  `"${'\\n@@ '.repeat(2000)}"`,
  `"${'Output: \\n'.repeat(3000)}"`,
  `"${'\'"'.repeat(3000)}"`,
]

/** Every place of an event where another value could stand, as functions that put one there. */
function* places(value: unknown, wrap: (inner: string) => string = (inner) => inner): Generator<(inner: string) => string> {
  yield wrap
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries())
      yield* places(each, (inner) => wrap(`[${value.map((other, at) => (at === index ? inner : JSON.stringify(other))).join(',')}]`))
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
    for (const [key, each] of entries) {
      const with_ = (inner: string) =>
        wrap(`{${entries.map(([name, other]) => `${JSON.stringify(name)}:${name === key ? inner : JSON.stringify(other)}`).join(',')}}`)
      yield* places(each, with_)
    }
  }
}

describe.each(recordings.filter(({ cli }) => cli !== 'aider'))(
  'events of $name with values of another type',
  ({ cli, stream, sessions }) => {
    test('never throw', () => {
      const next = random(5)
      const lines = inLines(stream)
      for (const [index, line] of lines.entries()) {
        const all = [...places(JSON.parse(line))]
        for (const place of shuffled(all, next).slice(0, 25)) {
          const changed = lines.with(index, `${place(odd[among(next, odd.length)] ?? '')}\n`)
          expectSound(read(cli, changed.slice(0, index + 3)))
        }
      }
      for (const { path, bytes } of sessions) {
        const logged = inLines(Buffer.from(bytes))
        for (const [index, line] of logged.entries()) {
          const all = [...places(JSON.parse(line))]
          for (const place of shuffled(all, next).slice(0, 8)) {
            const changed = logged.with(index, `${place(odd[among(next, odd.length)] ?? '')}\n`).join('')
            expectSound(read(cli, [], [{ path, bytes: Buffer.from(changed) }]))
          }
        }
      }
    })
  },
)

test.each(recordings.filter(({ cli }) => cli !== 'aider'))(
  '$name: lines of other programs between are counted and change nothing',
  ({ cli, stream }) => {
    const garbage = ['npm warn deprecated\n', '{"type":"of another world"}\n', '\n', '[1,2]\n', 'null\n', '{"type":\n', '\u0000\n']
    const mixed = inLines(stream).flatMap((line, index) => [garbage[index % garbage.length] ?? '', line])
    const counted = mixed.filter((line) => garbage.includes(line) && line.trim()).length
    const [clean, noisy] = [read(cli, [stream]), read(cli, mixed)]
    expect(noisy).toEqual({ ...clean, skipped: clean.skipped + counted })
  },
)

describe('too much', () => {
  const limit: Record<Exclude<Cli, 'aider'>, (id: number, output: string) => string> = {
    claude: (id, output) =>
      events(
        { type: 'assistant', message: { content: [{ type: 'tool_use', id: `t${id}`, name: 'Bash', input: { command: `run ${id}` } }] } },
        { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: `t${id}`, content: output }] } },
      ),
    qwen: (id, output) =>
      events(
        {
          type: 'assistant',
          message: { content: [{ type: 'tool_use', id: `t${id}`, name: 'run_shell_command', input: { command: `run ${id}` } }] },
        },
        { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: `t${id}`, content: output }] } },
      ),
    codex: (id, output) =>
      events({
        type: 'item.completed',
        item: {
          id: `i${id}`,
          type: 'command_execution',
          command: `run ${id}`,
          aggregated_output: output,
          exit_code: 0,
          status: 'completed',
        },
      }),
    gemini: (id, output) =>
      events(
        { type: 'tool_use', tool_id: `t${id}`, tool_name: 'run_shell_command', parameters: { command: `run ${id}` } },
        { type: 'tool_result', tool_id: `t${id}`, status: 'success', output },
      ),
    opencode: (id, output) =>
      events({
        type: 'tool_use',
        part: {
          tool: 'bash',
          callID: `t${id}`,
          state: { status: 'completed', input: { command: `run ${id}` }, output, metadata: { exit: 0 } },
        },
      }),
    cursor: (id, output) =>
      events(
        { type: 'tool_call', subtype: 'started', call_id: `t${id}`, tool_call: { shellToolCall: { args: { command: `run ${id}` } } } },
        {
          type: 'tool_call',
          subtype: 'completed',
          call_id: `t${id}`,
          tool_call: { shellToolCall: { args: { command: `run ${id}` }, result: { success: { exitCode: 0, stdout: output } } } },
        },
      ),
  }
  const each = Object.entries(limit).map(([cli, shell]) => ({ cli: cli as Cli, shell })) // keys of the table above

  test.each(each)('$cli: an output of a megabyte keeps its head and its tail', ({ cli, shell }) => {
    const [body] = bodies(read(cli, [shell(1, `first ${'x'.repeat(1024 * 1024)} last`)]))
    const output = body?.kind === 'shell' ? (body.detail.output ?? '') : ''
    expect(output).toMatch(/^first x+\n\[\.\.\. [\d,]+ bytes cut \.\.\.\]\nx+ last$/)
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(32 * 1024)
    expect(body).toMatchObject({ kind: 'shell', detail: { command: 'run 1', cut: true } })
  })

  test.each(each)('$cli: of ten thousand steps the first are kept, and the rest counted', ({ cli, shell }) => {
    const { steps } = read(cli, [Array.from({ length: 10_000 }, (_, id) => shell(id, 'ok')).join('')])
    expect(steps).toHaveLength(4001)
    expect(steps.at(-1)?.body).toEqual({ kind: 'assistant', detail: { text: '[... 6,000 more steps are left out ...]', cut: true } })
  })

  test.each(each)('$cli: many large steps are bounded together', ({ cli, shell }) => {
    const { steps } = read(
      cli,
      Array.from({ length: 1500 }, (_, id) => shell(id, `${id}${'y'.repeat(40_000)}`)),
    )
    expect(JSON.stringify(steps).length).toBeLessThan(20 * 1024 * 1024)
    expect(steps.length).toBeGreaterThan(400)
  })

  test.each(each)('$cli: a line of ten megabytes is noted, what stands around it is read', ({ cli, shell }) => {
    const megabyte = Buffer.alloc(1024 * 1024, 'z')
    const { steps, skipped } = read(cli, [
      shell(1, 'ok'),
      '{"type":"',
      ...Array.from({ length: 10 }, () => megabyte),
      '"}\n',
      shell(2, 'ok'),
    ])
    expect(steps.map(({ body }) => (body.kind === 'assistant' ? body.detail.text : body.kind))).toEqual([
      'shell',
      '[... a line of 10,485,771 bytes was too long to read ...]',
      'shell',
    ])
    expect(skipped).toBe(1)
  })

  test('calls that never end are bounded together too, by whatever they are called', () => {
    const input = { command: 'make', more: Array.from({ length: 20 }, () => 'm'.repeat(10_000)) }
    const begun = (id: number) => ({ type: 'tool_use', id: `${id}${'i'.repeat(10_000)}`, name: `tool${'n'.repeat(10_000)}`, input })
    const made = Array.from({ length: 1000 }, (_, id) => events({ type: 'assistant', message: { content: [begun(id)] } }))
    expect(JSON.stringify(read('claude', made).steps).length).toBeLessThan(20 * 1024 * 1024)
  })

  test('four million brackets on a line are a line that cannot be read', () => {
    for (const { cli, shell } of each) {
      const { steps } = read(cli, [`{"type":"assistant","message":${'['.repeat(4_000_000)}\n`, shell(1, 'ok')])
      expect(steps).toHaveLength(1)
    }
  })

  test('a message in two hundred thousand pieces, each byte on its own', () => {
    const piece = events({ type: 'message', role: 'assistant', content: 'ab ', delta: true })
    const { steps, response } = read('gemini', [piece.repeat(200_000)])
    expect(steps).toHaveLength(1)
    expect(Buffer.byteLength(response)).toBeLessThanOrEqual(33 * 1024)
    const bytes = Buffer.from(`${events({ type: 'init' })}${'x'.repeat(1024 * 1024)}`)
    expect(
      read(
        'gemini',
        Array.from(bytes, (byte) => Buffer.of(byte)),
      ).skipped,
    ).toBe(1)
  })

  test('a patch of a hundred thousand files is one call of two hundred edits', () => {
    const changes = Array.from({ length: 50_000 }, (_, id) => ({ path: `f${id}`, kind: 'add' }))
    const item = { id: 'i', type: 'file_change', changes, status: 'completed' }
    expect(read('codex', [events({ type: 'item.completed', item })]).steps).toHaveLength(200)
  })

  test('Aider: a reply without an end, and blocks without an end, are words', () => {
    const block = 'a.py\n```\n<<<<<<< SEARCH\nx\n=======\n'
    const { steps } = read('aider', ['Aider v0.86.2\n\n', block.repeat(50_000), 'Tokens: 1 sent, 1 received.\n'])
    expect(steps).toHaveLength(1)
  })
})

test('times that no clock shows give way to when they came', () => {
  const at = (timestamp: unknown) => read('claude', [events({ type: 'assistant', timestamp, message: { content: 'hi' } })]).steps[0]?.at
  expect(at('2026-11-21T03:47:20.201Z')).toEqual(new Date('2026-11-21T03:47:20.201Z'))
  for (const wrong of ['+275760-09-13', 'yesterday', '1970-01-01', 8.64e15, -1, {}, null, '9999-12-31'])
    expect(at(wrong)).toEqual(new Date('2026-11-01T00:00:00Z'))
})

test('a recording of another CLI is not taken for its own without saying so', () => {
  const { stream } = recording('opencode-ok')
  expect(read('claude', [stream]).skipped).toBeGreaterThan(10)
})
