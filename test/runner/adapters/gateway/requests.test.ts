import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { openGate, questions } from './gate.ts'
import { answers, realKey } from './provider.ts'

const { anthropic, chat, gemini, responses } = questions
const errorOf = (body: string) => JSON.parse(body)

describe('a question', () => {
  test.each([
    ['anthropic', 'messages', 'anthropic/claude-haiku-4-5', anthropic, 0.00015],
    ['openai', 'responses', 'openai/gpt-5-mini', responses, 0.000045],
    ['openai', 'chat', 'openai/gpt-5-mini', chat, 0.000045],
    ['gemini', 'generate', 'gemini/gemini-2.5-flash', gemini, 0.000055],
  ] as const)('%s %s is asked with the real key, answered, metered and priced', async (provider, route, model, { path, body }, costUsd) => {
    await using gate = await openGate()
    expect(gate.grant.usage()).toMatchObject({ by: 'none', costUsd: 0 })
    const said = await gate.ask(path, { body })
    expect(said).toMatchObject({ status: 200, body: expect.stringContaining('Hello') })
    const [got] = gate.provider.got
    expect(got?.url).toBe(path.replace('/openai', '').replace(/^\/(anthropic|gemini)/, ''))
    expect(JSON.stringify(got)).toContain(realKey)
    expect(JSON.stringify(got)).not.toContain(gate.grant.token)
    expect(JSON.stringify(said)).not.toContain(realKey)
    expect(gate.grant.calls()).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        provider,
        route,
        model: model.split('/')[1],
        status: 200,
        durationMs: expect.any(Number),
        firstByteMs: expect.any(Number),
        tokens: { input: 100, cacheRead: 0, cacheWrite: 0, output: 10 },
        costUsd: expect.closeTo(costUsd, 9),
      },
    ])
    expect(gate.grant.usage()).toMatchObject({
      by: 'metered',
      inputTokens: 100,
      outputTokens: 10,
      calls: 1,
      costUsd: expect.closeTo(costUsd, 9),
    })
    expect(gate.grant.trouble()).toBeUndefined()
  })

  test('the number of tokens is counted for nothing', async () => {
    await using gate = await openGate({ run: { costUsd: 0.000001 } })
    expect(await gate.ask(`${anthropic.path}/count_tokens`, { body: anthropic.body })).toMatchObject({
      status: 200,
      body: '{"input_tokens":100,"totalTokens":100}',
    })
    expect(gate.grant.calls()).toMatchObject([{ route: 'count_tokens', costUsd: 0, model: 'claude-haiku-4-5' }])
    expect(gate.grant.usage().by).toBe('none')
  })

  test('headers and query that a provider knows get there; the key of the query does not', async () => {
    await using gate = await openGate()
    const headers = {
      authorization: `Bearer ${gate.grant.token}`,
      'anthropic-beta': 'fine-grained-tool-streaming-2025-05-14,interleaved-thinking-2025-05-14',
      'anthropic-version': '2023-06-01',
      'user-agent': 'claude-cli/2.1.329 (external, sdk-cli)',
    }
    await gate.ask(`${anthropic.path}?beta=true&x=a%20b`, { headers, body: anthropic.body })
    expect(gate.provider.got[0]).toMatchObject({
      url: '/v1/messages?beta=true&x=a%20b',
      headers: { 'anthropic-beta': headers['anthropic-beta'], 'anthropic-version': '2023-06-01', 'user-agent': headers['user-agent'] },
    })
    await gate.ask(`${gemini.path}?alt=sse&key=${gate.grant.token}&%6Bey=other&$httpMethod=DELETE&access_token=x`, {
      headers: {},
      body: gemini.body,
    })
    expect(gate.provider.got[1]?.url).toBe('/v1beta/models/gemini-2.5-flash:generateContent?alt=sse')
  })

  test('an agent cannot say who it is, on whose account, or that it means another request', async () => {
    await using gate = await openGate()
    const disguises = {
      cookie: 'session=1',
      'openai-organization': 'org-other',
      'openai-project': 'proj-other',
      'x-goog-user-project': 'other',
      'x-goog-api-key': 'AIza-other',
      'x-api-key': gate.grant.token,
      'proxy-authorization': 'Basic x',
      'x-http-method-override': 'DELETE',
      'x-forwarded-for': '1.2.3.4',
      'x-told': `here: ${gate.grant.token}`,
      connection: 'keep-alive, x-named',
      'x-named': 'of this connection only',
      'accept-encoding': 'br',
      te: 'trailers',
    }
    await gate.ask(chat.path, { headers: { ...disguises, 'x-kept': 'yes' }, body: chat.body })
    const { headers = {} } = gate.provider.got[0] ?? {}
    expect(Object.keys(headers).toSorted()).toEqual(['authorization', 'connection', 'content-length', 'host', 'x-kept'])
    expect(headers.authorization).toBe(`Bearer ${realKey}`)
  })

  test('what a provider says of its account stays outside', async () => {
    await using gate = await openGate({
      behaviour: (_, response) => {
        const headers = {
          'set-cookie': 'a=b',
          'openai-organization': 'org-real',
          'x-request-id': 'r1',
          'x-echo': realKey,
          'content-type': 'application/json',
        }
        response.writeHead(200, headers).end(JSON.stringify({ echo: realKey }))
      },
    })
    const said = await gate.ask(chat.path, { body: chat.body })
    expect(said).toMatchObject({ status: 200, headers: { 'x-request-id': 'r1' } })
    expect(Object.keys(said.headers)).not.toEqual(expect.arrayContaining(['set-cookie']))
    expect(said.headers['openai-organization'] ?? said.headers['x-echo']).toBeUndefined()
    expect(JSON.stringify(said)).not.toContain(realKey)
  })

  test('the key of a credential is used instead of the host`s', async () => {
    await using gate = await openGate({ keys: new Map([['openai', 'sk-of-the-agents-author']]) })
    await gate.ask(chat.path, { body: chat.body })
    await gate.ask(anthropic.path, { body: anthropic.body })
    expect(gate.provider.got.map(({ headers }) => headers.authorization ?? headers['x-api-key'])).toEqual([
      'Bearer sk-of-the-agents-author',
      realKey,
    ])
  })
})

describe('who asks', () => {
  const accepted = (token: string): readonly (readonly [string, Record<string, string>, string?])[] => [
    ['x-api-key', { 'x-api-key': token }],
    ['x-goog-api-key', { 'x-goog-api-key': token }],
    ['a bearer', { authorization: `Bearer ${token}` }],
    ['a bearer in small letters', { authorization: `bearer ${token}` }],
    ['the query', {}, `?key=${token}`],
    ['the right one beside a dummy', { 'x-api-key': token, authorization: 'Bearer dummy' }],
  ]
  const refused = (token: string, other: string): typeof accepted extends (token: string) => infer Rows ? Rows : never => [
    ['nothing', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['another run`s', { 'x-api-key': other }],
    ['a part', { 'x-api-key': token.slice(0, -1) }],
    ['more than all', { 'x-api-key': `${token}x` }],
    ['other letters', { 'x-api-key': token.toUpperCase() }],
    ['another scheme', { authorization: `Basic ${token}` }],
    ['the real key', { 'x-api-key': realKey }],
    ['a cookie', { cookie: `token=${token}` }],
    ['another parameter', {}, `?token=${token}`],
    ['a random one of the same form', { 'x-api-key': `pt-${randomBytes(32).toString('base64url')}` }],
  ]

  test('the token is accepted wherever a client puts its key', async () => {
    await using gate = await openGate()
    for (const [name, headers, query = ''] of accepted(gate.grant.token))
      expect([name, (await gate.ask(`${gemini.path}${query}`, { headers, body: gemini.body })).status]).toEqual([name, 200])
  })

  test('nothing else is, in the shape of each provider, and nothing is asked upstream', async () => {
    await using gate = await openGate()
    await using other = await gate
      .admit()
      .then(({ grant }) => ({ token: grant.token, [Symbol.asyncDispose]: () => grant[Symbol.asyncDispose]() }))
    for (const [name, headers, query = ''] of refused(gate.grant.token, other.token))
      for (const [provider, { path, body }] of Object.entries(questions)) {
        const said = await gate.ask(`${path}${query}`, { headers, body })
        expect([name, provider, said.status]).toEqual([name, provider, 401])
        expect(errorOf(said.body)).toMatchObject(
          provider === 'anthropic'
            ? { type: 'error', error: { type: 'authentication_error' } }
            : { error: { message: expect.any(String) } },
        )
      }
    expect(gate.provider.got).toEqual([])
    expect(gate.grant.calls()).toEqual([])
  })

  test('tokens are as CLIs like their keys, and no two are the same', async () => {
    await using gate = await openGate()
    const { grant } = await gate.admit()
    expect(gate.grant.token).toMatch(/^pt-[\w-]{43}$/)
    expect(grant.token).not.toBe(gate.grant.token)
  })
})

describe('what is asked', () => {
  test.each([
    ['a path upwards', '/anthropic/v1/../v1/messages', 400],
    ['a dot', '/anthropic/./v1/messages', 400],
    ['dots at the end', '/anthropic/v1/messages/..', 400],
    ['an empty part', '/anthropic//v1/messages', 400],
    ['two slashes first', '//anthropic/v1/messages', 400],
    ['an escaped slash', '/anthropic/v1%2fmessages', 400],
    ['an escaped dot', '/anthropic/v1/%2e%2e/v1/messages', 400],
    ['an escaped letter', '/anthropic/v1/m%65ssages', 400],
    ['a broken escape', '/anthropic/v1/messages?x=%zz', 400],
    ['a backslash', '/anthropic\\v1\\messages', 400],
    ['a semicolon`s parameter', '/anthropic/v1/messages;x=1', 404],
    ['a slash at the end', '/anthropic/v1/messages/', 404],
    ['too long a path', `/anthropic/v1/messages?${'x'.repeat(9000)}`, 400],
    ['an address of a proxy', 'http://127.0.0.1:8484/anthropic/v1/messages', 400],
    ['with a user', 'http://user:pass@example.com/v1/messages', 400],
    ['capitals', '/Anthropic/v1/messages', 404],
    ['the provider itself', '/anthropic', 404],
    ['the root', '/', 404],
    ['files', '/anthropic/v1/files', 403],
    ['batches', '/anthropic/v1/messages/batches', 403],
    ['admin', '/anthropic/v1/organizations/users', 404],
    ['stored responses', '/openai/v1/responses/resp_1/cancel', 403],
    ['fine-tuning', '/openai/v1/fine_tuning/jobs', 404],
    ['images', '/openai/v1/images/generations', 404],
    ['without the version', '/openai/chat/completions', 404],
    ['tuned models', '/gemini/v1beta/tunedModels/x:generateContent', 404],
    ['a model upwards', '/gemini/v1beta/models/..:generateContent', 400],
  ])('%s is refused: %s', async (_, path, status) => {
    await using gate = await openGate()
    expect((await gate.ask(path, { body: anthropic.body })).status).toBe(status)
    expect(gate.provider.got).toEqual([])
  })

  test.each([
    ['GET', anthropic.path],
    ['PUT', chat.path],
    ['DELETE', responses.path],
    ['PATCH', gemini.path],
    ['OPTIONS', anthropic.path],
    ['POST', '/openai/v1/models'],
  ])('%s %s is refused', async (method, path) => {
    await using gate = await openGate()
    expect(await gate.ask(path, { method })).toMatchObject({ status: 405, headers: { allow: path.endsWith('models') ? 'GET' : 'POST' } })
    expect(gate.provider.got).toEqual([])
  })

  test('tools and everything else get an answer that says so', async () => {
    await using gate = await openGate()
    const tool = await gate.ask('/tools/lookup_order', { body: {} })
    expect(tool).toMatchObject({ status: 404, headers: { 'content-type': 'application/json' } })
    expect(errorOf(tool.body)).toEqual({ detail: { error_class: 'tool_not_found', message: expect.any(String) } })
    expect(errorOf((await gate.ask('/healthz', { method: 'GET' })).body)).toEqual({
      error: { message: expect.stringContaining('/anthropic') },
    })
  })

  test('Claude Code finds out whether anybody is there before it shows its key', async () => {
    await using gate = await openGate()
    expect(await gate.ask('/anthropic/api/hello', { method: 'GET', headers: {} })).toMatchObject({ status: 200 })
    expect(await gate.ask('/anthropic/api/hello', { method: 'HEAD', headers: {} })).toMatchObject({ status: 200, body: '' })
    expect(gate.provider.got).toEqual([])
  })

  test('web sockets are refused, so that a client falls back at once', async () => {
    await using gate = await openGate()
    const headers = {
      authorization: `Bearer ${gate.grant.token}`,
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'x',
      'sec-websocket-version': '13',
    }
    expect((await gate.ask(responses.path, { method: 'GET', headers })).status).toBe(426)
  })

  test('what reaches beyond an answer passes only with an open network', async () => {
    const searching = { ...anthropic.body, tools: [{ type: 'web_search_20250305', name: 'web_search' }] }
    await using closed = await openGate()
    const said = await closed.ask(anthropic.path, { body: searching })
    expect(said).toMatchObject({ status: 400, body: expect.stringContaining('web_search') })
    expect(closed.grant.calls()).toMatchObject([{ status: 400, refused: expect.stringContaining('network: open'), costUsd: 0 }])
    expect(closed.provider.got).toEqual([])
    await using open = await openGate({ open: true })
    expect((await open.ask(anthropic.path, { body: searching })).status).toBe(200)
    expect((await open.ask('/openai/v1/files', { method: 'GET' })).status).toBe(200)
    expect(open.provider.got.map(({ url }) => url)).toEqual(['/v1/messages', '/v1/files'])
  })

  test.each<[string, { readonly path: string; readonly body: object }, object]>([
    ['web search of Anthropic', anthropic, { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['web fetch of Anthropic', anthropic, { tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }] }],
    ['code execution of Anthropic', anthropic, { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] }],
    ['remote MCP of Anthropic', anthropic, { mcp_servers: [{ type: 'url', url: 'https://mcp.example.com', name: 'x' }] }],
    ['web search in Responses', responses, { tools: [{ type: 'web_search' }] }],
    ['the code interpreter in Responses', responses, { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }],
    ['remote MCP in Responses', responses, { tools: [{ type: 'mcp', server_label: 'x', server_url: 'https://mcp.example.com' }] }],
    ['file search in Responses', responses, { tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }],
    ['background in Responses', responses, { background: true }],
    ['web search in Chat', chat, { web_search_options: {} }],
    ['search of Gemini', gemini, { tools: [{ googleSearch: {} }] }],
    ['reading pages of Gemini', gemini, { tools: [{ url_context: {} }] }],
    ['code execution of Gemini', gemini, { tools: [{ codeExecution: {} }] }],
  ])('%s is refused, and not asked again', async (_, { path, body }, more) => {
    await using gate = await openGate()
    const said = await gate.ask(path, { body: { ...body, ...more } })
    expect(said).toMatchObject({ status: 400, body: expect.stringContaining('network: open') })
    expect(gate.provider.got).toEqual([])
    expect(gate.grant.over.aborted).toBe(false)
  })

  test('what is asked is never stored at the provider', async () => {
    await using gate = await openGate()
    for (const { path, body } of [chat, responses]) await gate.ask(path, { body: { ...body, store: true } })
    expect(gate.provider.got.map(({ body }) => JSON.parse(body).store)).toEqual([false, false])
  })

  test('what nobody counts does not pass where a budget holds, an open network or not', async () => {
    await using gate = await openGate({ open: true, run: { costUsd: 1 } })
    expect(await gate.ask('/openai/v1/batches', { body: {} })).toMatchObject({ status: 403, body: expect.stringContaining('budget') })
  })

  test.each([
    ['no JSON', '{"model":', 400],
    ['no object', '[]', 400],
    ['no model', '{}', 400],
    ['a model of two lines', JSON.stringify({ ...anthropic.body, model: 'claude\nx' }), 400],
    ['a long name', JSON.stringify({ ...anthropic.body, model: 'c'.repeat(300) }), 400],
  ])('a body with %s is refused', async (_, body, status) => {
    await using gate = await openGate()
    expect((await gate.ask(anthropic.path, { body })).status).toBe(status)
    expect(gate.provider.got).toEqual([])
  })

  test('a body that is compressed or too large is refused', async () => {
    await using gate = await openGate({ limits: { bodyBytes: 1000 } })
    const headers = { 'x-api-key': gate.grant.token }
    expect((await gate.ask(chat.path, { headers: { ...headers, 'content-encoding': 'gzip' }, body: 'x' })).status).toBe(415)
    expect((await gate.ask(chat.path, { body: 'x'.repeat(1001) })).status).toBe(413)
    expect((await gate.ask(chat.path, { headers: { ...headers, 'transfer-encoding': 'chunked' }, body: 'x'.repeat(1001) })).status).toBe(
      413,
    )
    expect((await gate.ask(chat.path, { body: { ...chat.body, x: 'x'.repeat(700) } })).status).toBe(200)
  })
})

describe('models', () => {
  test.each([
    [['claude-*'], 'claude-haiku-4-5', 200],
    [['claude-*'], 'claude-opus-5-5', 200],
    [['claude-haiku-*', 'gpt-*'], 'claude-opus-5-5', 403],
    [['anthropic/claude-haiku-*'], 'claude-haiku-4-5', 200],
    [['openai/*'], 'claude-haiku-4-5', 403],
    [['*', '!claude-opus-*'], 'claude-opus-5-5', 403],
    [['*', '!anthropic/claude-opus-*'], 'claude-opus-5-5', 403],
    [['*', '!openai/claude-opus-*'], 'claude-opus-5-5', 200],
    [['*'], 'some-org/some-model', 200],
    [[], 'claude-haiku-4-5', 403],
  ])('%j lets %s through or not', async (models, model, status) => {
    await using gate = await openGate({ run: { models } })
    for (const path of [anthropic.path, `${anthropic.path}/count_tokens`]) {
      const said = await gate.ask(path, { body: { ...anthropic.body, model } })
      expect(said.status).toBe(status)
      if (status === 403)
        expect(errorOf(said.body)).toMatchObject({
          type: 'error',
          error: { type: 'permission_error', message: expect.stringContaining(model) },
        })
    }
  })

  test('the name in a path counts for Gemini', async () => {
    await using gate = await openGate({ run: { models: ['gemini-2.5-pro*'] } })
    expect((await gate.ask(gemini.path, { body: gemini.body })).status).toBe(403)
    expect((await gate.ask(gemini.path.replace('flash', 'pro'), { body: gemini.body })).status).toBe(200)
  })
})

describe('limits on requests', () => {
  test('so many at once, and room again afterwards', async () => {
    const open: (() => void)[] = []
    await using gate = await openGate({
      limits: { requests: 3 },
      behaviour: async (got, response) => {
        await new Promise<void>((done) => open.push(done))
        await answers()(got, response)
      },
    })
    const asked = Array.from({ length: 3 }, () => gate.ask(chat.path, { body: chat.body }))
    await expect.poll(() => open.length).toBe(3)
    expect(await gate.ask(chat.path, { body: chat.body })).toMatchObject({ status: 429, body: expect.stringContaining('3 requests') })
    for (const done of open) done()
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200])
    gate.provider.become(answers())
    expect((await gate.ask(chat.path, { body: chat.body })).status).toBe(200)
  })

  test.each([
    ['headers', 'POST /openai/v1/responses HTTP/1.1\r\nhost: x\r\nx-a: '],
    ['a body', 'POST /openai/v1/responses HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{"'],
  ])('%s that do not come are not waited for', async (_, begin) => {
    await using gate = await openGate({ limits: { headersMs: 150, requestMs: 300, checkMs: 50 } })
    const socket = connect(gate.socketPath)
    socket.write(begin.replace('host: x', `host: x\r\nx-api-key: ${gate.grant.token}`))
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('headers without end are cut off', async () => {
    await using gate = await openGate()
    const socket = connect(gate.socketPath)
    socket.write(`POST /openai/v1/responses HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(70_000)}\r\n\r\n`)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('two lengths, or a length and chunks, are no request', async () => {
    await using gate = await openGate()
    for (const headers of ['content-length: 5\r\ncontent-length: 6', 'content-length: 5\r\ntransfer-encoding: chunked']) {
      const socket = connect(gate.socketPath)
      socket.write(`POST ${chat.path} HTTP/1.1\r\nhost: x\r\nx-api-key: ${gate.grant.token}\r\n${headers}\r\n\r\n`)
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /)
    }
    expect(gate.provider.got).toEqual([])
  })
})
