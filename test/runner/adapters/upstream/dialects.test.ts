import { describe, expect, test } from 'vitest'
import type { Dialect, ReadRequest, Refused } from '../../../../runner/adapters/upstream/dialect.ts'
import { anthropic } from '../../../../runner/adapters/upstream/dialects/anthropic.ts'
import { gemini } from '../../../../runner/adapters/upstream/dialects/gemini.ts'
import { openai } from '../../../../runner/adapters/upstream/dialects/openai.ts'

const dialects = { anthropic, openai, gemini }
type Name = keyof typeof dialects
const routeOf = (dialect: Dialect, method: string, path: string) =>
  dialect.routes.find((route) => route.method === method && route.path.test(path))

function read(name: Name, path: string, body: unknown, open = false): ReadRequest | Refused {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const made = routeOf(dialects[name], 'POST', path)?.read?.({ path, query: '', body: bytes, open })
  return made ?? { refused: 'no such route' }
}
function accepted(made: ReadRequest | Refused): ReadRequest & { readonly fields: Record<string, unknown> } {
  if ('refused' in made) throw new Error(made.refused)
  return { ...made, fields: JSON.parse(Buffer.from(made.body).toString()) }
}

describe('routes', () => {
  test.each<[Name, string, string, string]>([
    ['anthropic', 'POST', '/v1/messages', 'messages'],
    ['anthropic', 'POST', '/v1/messages/count_tokens', 'count_tokens'],
    ['anthropic', 'GET', '/v1/models', 'models'],
    ['anthropic', 'GET', '/v1/models/claude-opus-5', 'models'],
    ['anthropic', 'GET', '/api/hello', 'hello'],
    ['anthropic', 'HEAD', '/api/hello', 'hello'],
    ['openai', 'POST', '/chat/completions', 'chat'],
    ['openai', 'POST', '/responses', 'responses'],
    ['openai', 'GET', '/models', 'models'],
    ['openai', 'GET', '/models/ft:gpt-4o:acme::x1', 'models'],
    ['openai', 'GET', '/models/acme/llama', 'models'],
    ['gemini', 'POST', '/v1beta/models/gemini-2.5-pro:generateContent', 'generate'],
    ['gemini', 'POST', '/v1/models/gemini-2.5-pro:streamGenerateContent', 'generate'],
    ['gemini', 'POST', '/v1beta/models/gemini-2.5-pro:countTokens', 'count_tokens'],
    ['gemini', 'GET', '/v1beta/models', 'models'],
    ['gemini', 'GET', '/v1beta/models/gemini-2.5-pro', 'models'],
  ])('%s: %s %s is let through as %s', (name, method, path, route) => {
    expect(routeOf(dialects[name], method, path)).toMatchObject({ name: route })
    expect(routeOf(dialects[name], method, path)).not.toHaveProperty('beyond')
  })

  test.each<[Name, string, string]>([
    ['anthropic', 'GET', '/v1/files'],
    ['anthropic', 'POST', '/v1/files'],
    ['anthropic', 'GET', '/v1/files/file_1/content'],
    ['anthropic', 'DELETE', '/v1/files/file_1'],
    ['anthropic', 'POST', '/v1/messages/batches'],
    ['anthropic', 'GET', '/v1/messages/batches/b1/results'],
    ['openai', 'POST', '/files'],
    ['openai', 'GET', '/files/file-1/content'],
    ['openai', 'POST', '/batches'],
    ['openai', 'GET', '/responses/resp_1'],
    ['openai', 'GET', '/responses/resp_1/input_items'],
    ['openai', 'DELETE', '/responses/resp_1'],
    ['openai', 'POST', '/responses/resp_1/cancel'],
    ['openai', 'POST', '/conversations'],
    ['openai', 'POST', '/embeddings'],
    ['openai', 'POST', '/moderations'],
    ['gemini', 'POST', '/upload/v1beta/files'],
    ['gemini', 'GET', '/v1beta/files/f1'],
    ['gemini', 'POST', '/v1beta/models/m:embedContent'],
    ['gemini', 'POST', '/v1beta/models/m:batchGenerateContent'],
    ['gemini', 'POST', '/v1beta/cachedContents'],
  ])('%s: %s %s only with an open network', (name, method, path) => {
    expect(routeOf(dialects[name], method, path)).toMatchObject({ beyond: true })
  })

  test.each<[Name, string, string]>([
    ['anthropic', 'GET', '/v1/messages'],
    ['anthropic', 'POST', '/v1/complete'],
    ['anthropic', 'POST', '/v1/messages/'],
    ['anthropic', 'POST', '/v1/messages/count_tokens/x'],
    ['anthropic', 'POST', '/messages'],
    ['anthropic', 'GET', '/v1/organizations/me'],
    ['anthropic', 'GET', '/v1/organizations/api_keys'],
    ['anthropic', 'POST', '/api/hello'],
    ['openai', 'POST', '/v1/responses'],
    ['openai', 'POST', '/chat/completions/'],
    ['openai', 'GET', '/chat/completions'],
    ['openai', 'DELETE', '/models/gpt-5'],
    ['openai', 'GET', '/organization/admin_api_keys'],
    ['openai', 'POST', '/organization/projects'],
    ['openai', 'POST', '/fine_tuning/jobs'],
    ['openai', 'POST', '/realtime/sessions'],
    ['openai', 'POST', '/assistants'],
    ['gemini', 'POST', '/v1alpha/models/m:generateContent'],
    ['gemini', 'POST', '/v1beta/models/m:generateContentX'],
    ['gemini', 'POST', '/v1beta/models/a/b:generateContent'],
    ['gemini', 'GET', '/v1beta/models/m:generateContent'],
    ['gemini', 'POST', '/v1beta/tunedModels'],
    ['gemini', 'POST', '/v1beta/openai/chat/completions'],
  ])('%s: %s %s is nobody’s', (name, method, path) => {
    expect(routeOf(dialects[name], method, path)).toBeUndefined()
  })

  test('what no answer counts says so', () => {
    const unmetered = Object.values(dialects).flatMap(({ provider, routes }) =>
      routes.filter(({ unmetered }) => unmetered).map((route) => [provider, route.name, route.beyond]),
    )
    expect(unmetered).toEqual([
      ['anthropic', 'batches', true],
      ['openai', 'batches', true],
      ['gemini', 'embeddings', true],
      ['gemini', 'batches', true],
      ['gemini', 'caches', true],
    ])
  })
})

const messages = '/v1/messages'
const generate = '/v1beta/models/gemini-2.5-pro:generateContent'
const ask = {
  [messages]: { model: 'claude-opus-5', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] },
  '/chat/completions': { model: 'gpt-5', messages: [{ role: 'user', content: 'hello' }] },
  '/responses': { model: 'gpt-5', input: 'hello' },
  [generate]: { contents: [{ parts: [{ text: 'hello' }] }] },
}
type Path = keyof typeof ask
const of = (path: Path, more: object) => ({ ...ask[path], ...more })
const nameOf: Record<Path, Name> = { [messages]: 'anthropic', '/chat/completions': 'openai', '/responses': 'openai', [generate]: 'gemini' }

const image = { type: 'image', source: { type: 'url', url: 'https://evil.example/?data' } }

describe('what reaches beyond the answer is refused by name, and let through with an open network', () => {
  test.each<[Path, object, RegExp]>([
    [messages, { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, /"web_search_20250305"/],
    [
      messages,
      {
        tools: [
          { name: 'mine', input_schema: {} },
          { type: 'web_fetch_20250910', name: 'f' },
        ],
      },
      /"web_fetch_20250910"/,
    ],
    [messages, { tools: [{ type: 'code_execution_20250825', name: 'c' }] }, /"code_execution_20250825"/],
    [messages, { tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] }, /"mcp_toolset"/],
    [messages, { tools: [{ type: 'some_new_tool_20270101', name: 'n' }] }, /"some_new_tool_20270101"/],
    [messages, { tools: { type: 'web_search_20250305' } }, /no list/],
    [messages, { mcp_servers: [{ type: 'url', url: 'https://x' }] }, /mcp_servers/],
    [messages, { container: 'c1' }, /container/],
    [messages, { messages: [{ role: 'user', content: [image] }] }, /"url"/],
    [messages, { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'f' } }] }] }, /"file"/],
    [messages, { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [image] }] }] }, /source/],
    ['/chat/completions', { web_search_options: {} }, /web_search_options/],
    ['/chat/completions', { model: 'gpt-4o-search-preview' }, /gpt-4o-search-preview/],
    ['/chat/completions', { tools: [{ type: 'web_search' }] }, /"web_search"/],
    ['/chat/completions', { plugins: [{ id: 'web' }] }, /plugins/],
    ['/chat/completions', { models: ['other'] }, /models/],
    [
      '/chat/completions',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://evil.example/?d' } }] }] },
      /image/,
    ],
    ['/chat/completions', { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }, /file/],
    ['/responses', { tools: [{ type: 'web_search' }] }, /"web_search"/],
    ['/responses', { tools: [{ type: 'web_search_preview_2025_03_11' }] }, /"web_search_preview_2025_03_11"/],
    ['/responses', { tools: [{ type: 'file_search', vector_store_ids: [] }] }, /"file_search"/],
    ['/responses', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }, /"code_interpreter"/],
    ['/responses', { tools: [{ type: 'mcp', server_url: 'https://x' }] }, /"mcp"/],
    ['/responses', { tools: [{ type: 'computer_use_preview' }] }, /"computer_use_preview"/],
    ['/responses', { tools: [{ type: 'image_generation' }] }, /"image_generation"/],
    ['/responses', { tools: [{ type: 'shell', environment: { type: 'container_auto' } }] }, /shell/],
    ['/responses', { tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'web_search' }] }] }, /"web_search"/],
    ['/responses', { previous_response_id: 'resp_1' }, /previous_response_id/],
    ['/responses', { conversation: { id: 'conv_1' } }, /conversation/],
    ['/responses', { prompt: { id: 'pmpt_1' } }, /prompt/],
    ['/responses', { background: true }, /background/],
    ['/responses', { input: [{ type: 'item_reference', id: 'x' }] }, /item_reference/],
    ['/responses', { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'https://evil.example' }] }] }, /image/],
    ['/responses', { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'https://evil.example' }] }] }, /file/],
    ['/responses', { input: [{ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_file', file_id: 'f' }] }] }, /file/],
    [generate, { tools: [{ googleSearch: {} }] }, /"googleSearch"/],
    [generate, { tools: [{ google_search: {} }] }, /"google_search"/],
    [generate, { tools: [{ functionDeclarations: [] }, { urlContext: {} }] }, /"urlContext"/],
    [generate, { tools: [{ functionDeclarations: [], code_execution: {} }] }, /"code_execution"/],
    [generate, { tools: [{ retrieval: {} }] }, /"retrieval"/],
    [generate, { tools: { googleSearch: {} } }, /no list/],
    [generate, { cached_content: 'cachedContents/1' }, /cachedContent/],
    [generate, { contents: [{ parts: [{ fileData: { fileUri: 'https://evil.example' } }] }] }, /fileData/],
    [generate, { contents: { parts: [{ file_data: { file_uri: 'https://evil.example' } }] } }, /fileData/],
  ])('%s %j', (path, more, named) => {
    expect(read(nameOf[path], path, of(path, more))).toEqual({ refused: expect.stringMatching(named) })
    expect(accepted(read(nameOf[path], path, of(path, more), true)).fields).toMatchObject(more)
  })

  test.each<[Path, object]>([
    [messages, { tools: [{ type: 'custom', name: 'a' }, { name: 'b' }, { type: 'bash_20250124', name: 'bash' }] }],
    [
      messages,
      {
        tools: [
          { type: 'text_editor_20250728', name: 'e' },
          { type: 'tool_search_tool_bm25_20251119', name: 's' },
        ],
      },
    ],
    [messages, { mcp_servers: [], container: null, tools: null }],
    [messages, { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', data: 'aa' } }] }] }],
    // What an agent's own tool was called with is no source.
    [messages, { messages: [{ role: 'assistant', content: [{ type: 'tool_use', input: { type: 'image', source: { type: 'url' } } }] }] }],
    ['/chat/completions', { tools: [{ type: 'function', function: { name: 'web_search' } }, { type: 'custom' }] }],
    [
      '/chat/completions',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aa' } }] }] },
    ],
    ['/responses', { tools: [{ type: 'function', name: 'web_search' }, { type: 'local_shell' }, { type: 'custom', name: 'apply_patch' }] }],
    ['/responses', { tools: [{ type: 'tool_search' }, { type: 'namespace', tools: [{ type: 'function' }] }, { type: 'shell' }] }],
    ['/responses', { background: false, previous_response_id: null }],
    ['/responses', { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,aa' }] }] }],
    [generate, { tools: [{ functionDeclarations: [{ name: 'googleSearch' }], googleSearch: null }] }],
    [generate, { contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: 'aa' } }] }] }],
  ])('%s %j is the agent’s own', (path, more) => {
    expect(accepted(read(nameOf[path], path, of(path, more))).fields).toMatchObject(more)
  })
})

describe('what is sent', () => {
  test('OpenAI stores nothing, whatever the request says', () => {
    for (const path of ['/chat/completions', '/responses'] as const)
      for (const open of [false, true]) expect(accepted(read('openai', path, of(path, { store: true }), open)).fields.store).toBe(false)
  })

  test('a chat that streams says at its end what it used; other options stay', () => {
    const streamed = (options: object) =>
      accepted(read('openai', '/chat/completions', of('/chat/completions', { stream: true, ...options })))
    expect(streamed({}).fields.stream_options).toEqual({ include_usage: true })
    expect(streamed({ stream_options: { include_usage: false, include_obfuscation: false } }).fields.stream_options).toEqual({
      include_usage: true,
      include_obfuscation: false,
    })
    expect(accepted(read('openai', '/chat/completions', ask['/chat/completions'])).fields).not.toHaveProperty('stream_options')
  })

  test('a field that is there twice is sent once: what was checked is what the provider reads', () => {
    const twice = '{"model":"claude-opus-5","tools":[{"type":"web_search_20250305"}],"messages":[],"tools":[]}'
    expect(Buffer.from(accepted(read('anthropic', messages, twice)).body).toString()).toBe(
      '{"model":"claude-opus-5","tools":[],"messages":[]}',
    )
  })

  test('numbers that JavaScript cannot hold stay as they were written', () => {
    const json =
      '{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","input":{"id":12345678901234567890,"n":1.5,"e":1e400}}]}]}'
    expect(Buffer.from(accepted(read('anthropic', messages, json)).body).toString()).toBe(json)
  })

  test('text of every script arrives as it was', () => {
    const content = 'ünï\u0000\u2028 "日本" \\ 🙂 __proto__'
    const sent = accepted(read('anthropic', messages, of(messages, { messages: [{ role: 'user', content }], ['__proto__']: 1 })))
    expect(sent.fields.messages).toEqual([{ role: 'user', content }])
  })

  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['a list', '[]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['half an object', '{"model":'],
    ['two objects', '{"model":"a"}{"model":"b"}'],
    ['a form', 'model=a'],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['nothing but depth', `{"model":"m","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['no model', '{"messages":[]}'],
    ['a model that is no name', '{"model":{}}'],
  ])('a body that is %s is refused', (_, body) => {
    const bytes = Buffer.from(body)
    for (const [name, path] of [
      ['anthropic', messages],
      ['openai', '/chat/completions'],
      ['openai', '/responses'],
    ] as const)
      expect(routeOf(dialects[name], 'POST', path)?.read?.({ path, query: '', body: bytes, open: true })).toHaveProperty('refused')
  })
})

describe('what is read of a request', () => {
  test('whether it streams, and which model', () => {
    expect(read('anthropic', messages, of(messages, { stream: true }))).toMatchObject({ model: 'claude-opus-5', stream: true })
    expect(read('openai', '/responses', ask['/responses'])).toMatchObject({ model: 'gpt-5', stream: false })
    expect(read('gemini', generate, ask[generate])).toMatchObject({ model: 'gemini-2.5-pro', stream: false })
    expect(read('gemini', '/v1beta/models/m:streamGenerateContent', {})).toMatchObject({ model: 'm', stream: true })
  })

  test.each<[Path, object, number]>([
    [messages, { max_tokens: 4096 }, 4096],
    [messages, { max_tokens: undefined }, 32_000],
    [messages, { max_tokens: -5 }, 32_000],
    [messages, { max_tokens: 1e15 }, 200_000],
    ['/chat/completions', {}, 32_000],
    ['/chat/completions', { max_tokens: 10, max_completion_tokens: 20, n: 3 }, 60],
    ['/responses', { max_output_tokens: 77 }, 77],
    [generate, { generationConfig: { maxOutputTokens: 5 }, generation_config: { max_output_tokens: 9, candidate_count: 2 } }, 18],
  ])('%s %j may write %d tokens', (path, more, output) => {
    expect(accepted(read(nameOf[path], path, of(path, more))).worst.output).toBe(output)
  })

  test('the input is more than such a text really has, and no more than any model reads', () => {
    const content = 'The quick brown fox jumps over the lazy dog. '.repeat(1000) // 10,000 tokens
    const { worst } = accepted(read('anthropic', messages, of(messages, { messages: [{ role: 'user', content }] })))
    expect(worst.input).toBeGreaterThan(20_000)
    expect(worst.input).toBeLessThan(30_000)
    expect(accepted(read('openai', '/responses', of('/responses', { input: 'x'.repeat(5e6) }))).worst.input).toBe(2_000_000)
    const cached = of(messages, { system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] })
    expect(accepted(read('anthropic', messages, cached)).worst).toMatchObject({ input: 0, cacheWrite: expect.any(Number) })
  })

  test.each([
    ['5m', 100],
    [undefined, 100],
    ['1h', 160],
  ])('a cache of Anthropic that is kept for %s counts as %d where it is paid', (ttl, counted) => {
    const system = [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl } }]
    const { priced = (tokens) => tokens } = accepted(read('anthropic', messages, of(messages, { system })))
    expect(priced({ input: 1, cacheRead: 2, cacheWrite: 100, output: 3 })).toEqual({
      input: 1,
      cacheRead: 2,
      cacheWrite: counted,
      output: 3,
    })
  })

  test('counting tokens costs nothing, and is checked all the same', () => {
    expect(read('anthropic', '/v1/messages/count_tokens', ask[messages])).toMatchObject({ free: true, stream: false })
    expect(read('anthropic', '/v1/messages/count_tokens', of(messages, { mcp_servers: [{}] }))).toHaveProperty('refused')
    const inner = { generateContentRequest: { contents: [{ parts: [{ fileData: {} }] }] } }
    expect(read('gemini', '/v1beta/models/m:countTokens', { contents: [] })).toMatchObject({ free: true, model: 'm' })
    expect(read('gemini', '/v1beta/models/m:countTokens', inner)).toHaveProperty('refused')
  })
})

test('refusals have the shape of the provider’s own errors', () => {
  const refusal = (name: Name, status: number) => JSON.parse(dialects[name].refuse(status, 'no "way"'))
  expect(refusal('anthropic', 403)).toEqual({ type: 'error', error: { type: 'permission_error', message: 'no "way"' } })
  expect(refusal('anthropic', 400)).toMatchObject({ error: { type: 'invalid_request_error' } })
  expect(refusal('anthropic', 502)).toMatchObject({ error: { type: 'api_error' } })
  expect(refusal('openai', 400)).toEqual({ error: { message: 'no "way"', type: 'invalid_request_error', param: null, code: null } })
  expect(refusal('openai', 500)).toMatchObject({ error: { type: 'server_error' } })
  expect(refusal('gemini', 403)).toEqual({ error: { code: 403, message: 'no "way"', status: 'PERMISSION_DENIED' } })
  expect(refusal('gemini', 400)).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } })
})
