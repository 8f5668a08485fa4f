import { describe, expect, test } from 'vitest'
import type { Meter } from '../../../../runner/adapters/upstream/dialect.ts'
import { anthropic } from '../../../../runner/adapters/upstream/dialects/anthropic.ts'
import { gemini } from '../../../../runner/adapters/upstream/dialects/gemini.ts'
import { openai } from '../../../../runner/adapters/upstream/dialects/openai.ts'
import type { Tokens } from '../../../../runner/domain/model-call.ts'

const dialects = { anthropic, openai, gemini }

function meterOf(name: keyof typeof dialects, path: string, body: object): Meter {
  const read = dialects[name].routes.find((route) => route.method === 'POST' && route.path.test(path))?.read
  const made = read?.({ path, query: '', body: Buffer.from(JSON.stringify(body)), open: false })
  if (!made || 'refused' in made) throw new Error('refused')
  return made.meter()
}
const ofMessages = () => meterOf('anthropic', '/v1/messages', { model: 'm', messages: [] })
const ofChat = (more: object = {}) => meterOf('openai', '/chat/completions', { model: 'm', messages: [], stream: true, ...more })
const ofResponses = () => meterOf('openai', '/responses', { model: 'm', input: '', stream: true })
const ofGemini = () => meterOf('gemini', '/v1beta/models/m:streamGenerateContent', {})

function pass(meter: Meter, pieces: readonly Uint8Array[]): { out: string; tokens: Tokens | undefined } {
  const out: Uint8Array[] = []
  for (const piece of pieces) {
    const mine = Buffer.from(piece)
    const shown = meter.push(mine)
    if (shown) out.push(Buffer.from(shown))
    mine.fill(0x21) // whoever pushes may use its bytes again
  }
  const { rest, tokens } = meter.end()
  return { out: Buffer.concat([...out, ...(rest ? [rest] : [])]).toString(), tokens }
}
const event = (data: unknown, name?: string) => `${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`

/** What a hostile model might write, as text and as arguments of a tool. */
const lies = {
  usage: { input_tokens: 0, output_tokens: 0, prompt_tokens: 0, completion_tokens: 0 },
  usageMetadata: { promptTokenCount: 0 },
}
const spoken = `${JSON.stringify(lies)}\n\ndata: ${JSON.stringify(lies)}\n\n"usage":{"output_tokens":0} \\" é🙂`

const anthropicStream = [
  event(
    {
      type: 'message_start',
      message: {
        id: 'm',
        content: [],
        usage: { input_tokens: 25, cache_creation_input_tokens: 100, cache_read_input_tokens: 1000, output_tokens: 1 },
      },
    },
    'message_start',
  ),
  event(
    { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', input: { ...lies, message: lies } } },
    'content_block_start',
  ),
  event({ type: 'ping' }, 'ping'),
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: spoken } }, 'content_block_delta'),
  event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { input_tokens: null, output_tokens: 188 } }, 'message_delta'),
  event({ type: 'message_stop' }, 'message_stop'),
].join('')
const anthropicTokens = { input: 25, cacheRead: 1000, cacheWrite: 100, output: 188 }

const chunk = (more: object) => event({ id: 'c', object: 'chat.completion.chunk', model: 'm', usage: null, ...more })
const chatUsage = { prompt_tokens: 300, completion_tokens: 40, prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 50 } }
const chatChunks = [
  chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }),
  chunk({ choices: [{ index: 0, delta: { content: spoken } }] }),
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
]
const chatEnd = chunk({ choices: [], usage: chatUsage })
const done = 'data: [DONE]\n\n'
const chatTokens = { input: 150, cacheRead: 100, cacheWrite: 50, output: 40 }

const responsesStream = [
  event({ type: 'response.created', response: { id: 'r', usage: null } }, 'response.created'),
  event({ type: 'response.output_item.done', item: { ...lies, response: lies } }, 'response.output_item.done'),
  event({ type: 'response.output_text.delta', delta: spoken }, 'response.output_text.delta'),
  event(
    {
      type: 'response.incomplete',
      response: {
        output: [{ content: [{ text: spoken, ...lies }] }],
        usage: {
          input_tokens: 500,
          input_tokens_details: { cached_tokens: 400 },
          output_tokens: 60,
          output_tokens_details: { reasoning_tokens: 50 },
        },
        metadata: lies,
      },
    },
    'response.incomplete',
  ),
].join('')
const responsesTokens = { input: 100, cacheRead: 400, cacheWrite: 0, output: 60 }

const part = (text: string, more: object = {}) => ({ content: { parts: [{ text }, { functionCall: { args: lies } }] }, ...more })
const geminiChunks = [
  { candidates: [part(spoken)], usageMetadata: { promptTokenCount: 200, candidatesTokenCount: 1, totalTokenCount: 201 } },
  {
    candidates: [part('', { finishReason: 'STOP' })],
    usageMetadata: {
      promptTokenCount: 200,
      cachedContentTokenCount: 150,
      candidatesTokenCount: 30,
      thoughtsTokenCount: 12,
      toolUsePromptTokenCount: 5,
    },
  },
]
const geminiSoFar = { input: 200, cacheRead: 0, cacheWrite: 0, output: 1 }
const geminiTokens = { input: 55, cacheRead: 150, cacheWrite: 0, output: 42 }

type Case = [name: string, meter: () => Meter, answer: string, tokens: Tokens, shown?: string]
const whole: Case[] = [
  ['messages, streamed', ofMessages, anthropicStream, anthropicTokens],
  ['messages, streamed with CRLF', ofMessages, anthropicStream.replaceAll('\n', '\r\n'), anthropicTokens],
  [
    'messages in one',
    ofMessages,
    JSON.stringify(
      {
        type: 'message',
        content: [{ type: 'tool_use', input: lies }, { text: spoken }],
        usage: { input_tokens: 7, output_tokens: 9 },
        container: lies,
      },
      null,
      1,
    ),
    { input: 7, cacheRead: 0, cacheWrite: 0, output: 9 },
  ],
  [
    'chat, streamed, usage asked for',
    () => ofChat({ stream_options: { include_usage: true } }),
    [...chatChunks, chatEnd, done].join(''),
    chatTokens,
  ],
  ['chat, streamed, usage not asked for', ofChat, [...chatChunks, chatEnd, done].join(''), chatTokens, [...chatChunks, done].join('')],
  [
    'chat, streamed with CRLF',
    ofChat,
    [...chatChunks, chatEnd, done].join('').replaceAll('\n', '\r\n'),
    chatTokens,
    [...chatChunks, done].join('').replaceAll('\n', '\r\n'),
  ],
  // Some servers put the count beside the last choice: then it is the client's.
  [
    'chat, streamed, usage beside a choice',
    ofChat,
    [...chatChunks, chunk({ choices: [{ index: 0, delta: {} }], usage: chatUsage }), done].join(''),
    chatTokens,
  ],
  ['chat, streamed, without an end', ofChat, [...chatChunks, chatEnd.trimEnd()].join(''), chatTokens, chatChunks.join('')],
  [
    'chat in one',
    () => ofChat({ stream: false }),
    JSON.stringify({ choices: [{ message: { content: spoken, tool_calls: [lies] } }], usage: chatUsage }),
    chatTokens,
  ],
  ['chat in one, although a stream was asked for', ofChat, JSON.stringify({ choices: [], usage: chatUsage }), chatTokens],
  ['responses, streamed', ofResponses, responsesStream, responsesTokens],
  [
    'responses in one',
    ofResponses,
    JSON.stringify({ output: [lies], usage: { input_tokens: 5, output_tokens: 6, input_tokens_details: { cached_tokens: 9 } } }),
    { input: 0, cacheRead: 5, cacheWrite: 0, output: 6 },
  ],
  ['gemini, streamed', ofGemini, geminiChunks.map((data) => event(data)).join(''), geminiTokens],
  ['gemini, streamed as a list', ofGemini, `[${geminiChunks.map((data) => JSON.stringify(data, null, 2)).join(',\r\n')}]`, geminiTokens],
  ['gemini in one', ofGemini, JSON.stringify(geminiChunks[1]), geminiTokens],
  [
    'gemini, refused prompt',
    ofGemini,
    JSON.stringify({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3 } }),
    { input: 3, cacheRead: 0, cacheWrite: 0, output: 0 },
  ],
]

describe.each<Case>(whole)('%s', (_, meter, answer, tokens, shown = answer) => {
  const bytes = Buffer.from(answer)

  test('is counted, and passed on', () => {
    expect(pass(meter(), [bytes])).toEqual({ out: shown, tokens })
  })

  test('wherever it is cut in two, and byte by byte', () => {
    for (let at = 1; at < bytes.length; at++) {
      const { out, tokens: counted } = pass(meter(), [bytes.subarray(0, at), bytes.subarray(at)])
      if (out !== shown || JSON.stringify(counted) !== JSON.stringify(tokens))
        expect({ at, out, counted }).toEqual({ at, out: shown, counted: tokens })
    }
    expect(
      pass(
        meter(),
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
      ),
    ).toEqual({ out: shown, tokens })
  })

  test('broken off anywhere before the count, it has none, and what came is passed on', () => {
    for (let at = 0; at < bytes.length; at += 7) {
      const cut = bytes.subarray(0, at)
      const { out, tokens: counted } = pass(meter(), [cut])
      expect(Buffer.from(shown).subarray(0, Buffer.from(out).length).equals(Buffer.from(out)) || out === cut.toString()).toBe(true)
      // Gemini says with every chunk what it used so far, and that is all there is when it breaks off within the last one.
      if (counted) expect([tokens, geminiSoFar]).toContainEqual(counted)
    }
  })
})

test('an answer without its count has none', () => {
  const without = (meter: Meter, answer: string) => pass(meter, [Buffer.from(answer)]).tokens
  expect(without(ofMessages(), anthropicStream.slice(0, anthropicStream.indexOf('event: message_delta')))).toBeUndefined()
  expect(without(ofChat(), chatChunks.join('') + done)).toBeUndefined()
  expect(without(ofResponses(), responsesStream.slice(0, responsesStream.indexOf('event: response.incomplete')))).toBeUndefined()
  expect(without(ofGemini(), event(geminiChunks[0])), 'so far is not all').toBeUndefined()
})

test('no bytes make a meter throw', () => {
  let seed = 1
  const next = () => (seed = (seed * 48_271) % 2_147_483_647)
  const alphabet = Buffer.from('{}[]":,\\ \n\rdata: usage message response 0null\u0000é')
  for (const meter of [ofMessages, ofChat, ofResponses, ofGemini])
    for (let n = 0; n < 200; n++) {
      const noise = Buffer.from(
        Array.from({ length: 300 }, () => (next() % 5 === 0 ? next() % 256 : (alphabet[next() % alphabet.length] ?? 0))),
      )
      const { out } = pass(meter(), [noise.subarray(0, 100), noise.subarray(100)])
      expect(out).toBe(Buffer.concat([noise]).toString())
    }
})

test('numbers that are none count as nothing', () => {
  const odd = { input_tokens: -5, output_tokens: 1.9, cache_read_input_tokens: '7', cache_creation_input_tokens: null }
  const answer = JSON.stringify({ usage: odd }).replace('null', '1e999')
  expect(pass(ofMessages(), [Buffer.from(answer)]).tokens).toEqual({ input: 0, cacheRead: 0, cacheWrite: 0, output: 1 })
})

describe('memory stays flat', () => {
  const mib = 1024 * 1024
  const grown = () => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed

  test.each<[string, () => Meter, string, string]>([
    [
      'one event of 100 MiB',
      ofResponses,
      'event: response.completed\ndata: {"type":"response.completed","response":{"output":[{"text":"',
      '"}],"usage":{"input_tokens":1,"output_tokens":2}}}\n\n',
    ],
    [
      'one chunk of 100 MiB',
      ofChat,
      'data: {"choices":[{"delta":{"content":"',
      '"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
    ],
    ['one document of 100 MiB', ofMessages, '{"content":[{"text":"', '"}],"usage":{"input_tokens":1,"output_tokens":2}}'],
  ])('%s', (_, make, before, after) => {
    const meter = make()
    const piece = Buffer.alloc(64 * 1024, 'x')
    meter.push(Buffer.from(before))
    for (let n = 0; n < 100; n++) meter.push(piece)
    globalThis.gc?.()
    const start = grown()
    let most = 0
    for (let n = 0; n < 1500; n++) {
      meter.push(piece)
      most = Math.max(most, grown() - start)
    }
    meter.push(Buffer.from(after))
    expect(meter.end().tokens).toEqual({ input: 1, cacheRead: 0, cacheWrite: 0, output: 2 })
    expect(most).toBeLessThan(40 * mib)
  })

  test('a usage object that does not end, and brackets that only open', () => {
    const meter = ofMessages()
    meter.push(Buffer.from('{"usage":{"x":"'))
    const start = grown()
    for (let n = 0; n < 1000; n++) meter.push(Buffer.alloc(64 * 1024, '['))
    const deep = ofChat()
    deep.push(Buffer.from('data: '))
    for (let n = 0; n < 200; n++) deep.push(Buffer.alloc(64 * 1024, '[{"a":'))
    expect(grown() - start).toBeLessThan(40 * mib)
    expect(meter.end().tokens).toBeUndefined()
  })
})
