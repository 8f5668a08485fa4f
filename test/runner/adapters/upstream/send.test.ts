import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../../../runner/adapters/upstream/accounts.ts'
import type { UpstreamCall } from '../../../../runner/adapters/upstream/send.ts'
import { openUpstream } from '../../../../runner/adapters/upstream/upstream.ts'

const key = 'sk-ant-api03-0123456789abcdefXYZ_-and-more'
const never = new AbortController().signal
const fast = { PROCTOR_MODEL_TIMEOUT_S: '0.2' }

/** A provider on a real socket. `seen`: the requests that came, bodies read. */
async function provider(answer: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const seen: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string; socket: unknown }[] = []
  const listener: RequestListener = async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body, socket: request.socket })
    await answer(request, response)
  }
  const server = createServer(listener)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo // listening on TCP
  return {
    seen,
    address: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => void server.close(() => closed()).closeAllConnections()),
  }
}

const account = (address: string, more: Partial<Account> = {}): Account => ({
  provider: 'anthropic',
  address,
  key,
  auth: 'x-api-key',
  ...more,
})
const call = (account: Account, more: Partial<UpstreamCall> = {}): UpstreamCall => ({
  as: 'agent',
  run: 'r',
  account,
  method: 'POST',
  path: '/v1/messages?beta=true',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"a":1}'),
  stream: true,
  ...more,
})
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
const sender = (variables: Record<string, string> = {}) => openUpstream({ variables }).send

describe('a request', () => {
  test.each<[Account['auth'], string, string]>([
    ['x-api-key', 'x-api-key', key],
    ['x-goog-api-key', 'x-goog-api-key', key],
    ['bearer', 'authorization', `Bearer ${key}`],
  ])('carries the key as %s, and no other', async (auth, header, value) => {
    await using server = await provider((_, response) => response.end('{}'))
    const headers = {
      'X-Api-Key': 'of-the-agent',
      authorization: 'Bearer of-the-agent',
      'x-goog-api-key': 'of-the-agent',
      cookie: 'of-the-agent',
      'proxy-authorization': 'Basic of-the-agent',
      'openai-organization': 'of-the-agent',
    }
    const { body } = await sender()(call(account(server.address, { auth }), { headers }), never)
    await textOf(body)
    expect(server.seen[0]?.headers).toMatchObject({ [header]: value })
    expect(JSON.stringify(server.seen[0]?.headers)).not.toContain('of-the-agent')
  })

  test('arrives as it was sent, without what belongs to one connection; the address keeps its path', async () => {
    await using server = await provider((_, response) => response.end('{}'))
    const headers = {
      'anthropic-beta': 'a-2025,b-2026',
      'anthropic-version': '2023-06-01',
      'user-agent': 'claude-cli/2',
      'accept-encoding': 'gzip, br',
      connection: 'keep-alive, x-hop',
      'x-hop': '1',
      te: 'trailers',
      'transfer-encoding': 'chunked',
      expect: '100-continue',
      host: 'elsewhere',
      'content-length': '999',
    }
    await textOf((await sender()(call(account(`${server.address}/pre/fix`), { headers }), never)).body)
    const [seen] = server.seen
    expect(seen).toMatchObject({ method: 'POST', url: '/pre/fix/v1/messages?beta=true', body: '{"a":1}' })
    expect(seen?.headers).toMatchObject({
      'anthropic-beta': 'a-2025,b-2026',
      'anthropic-version': '2023-06-01',
      'user-agent': 'claude-cli/2',
      'content-length': '7',
      host: server.address.replace('http://', ''),
    })
    for (const name of ['accept-encoding', 'x-hop', 'te', 'transfer-encoding', 'expect']) expect(seen?.headers).not.toHaveProperty(name)
  })

  test('without a body has none, and connections are used again', async () => {
    await using server = await provider((_, response) => response.end('{}'))
    const send = sender()
    for (let n = 0; n < 10; n++)
      await textOf((await send(call(account(server.address), { method: 'GET', path: '/v1/models', body: Buffer.alloc(0) }), never)).body)
    expect(server.seen[0]).toMatchObject({ method: 'GET', url: '/v1/models', body: '' })
    expect(new Set(server.seen.map(({ socket }) => socket)).size).toBeLessThan(5)
  })

  test('to an account without a key shows none', async () => {
    await using server = await provider((_, response) => response.end('{}'))
    await textOf((await sender()(call(account(server.address, { key: '', auth: 'bearer' })), never)).body)
    expect(server.seen[0]?.headers).not.toHaveProperty('authorization')
  })
})

describe('an answer', () => {
  test('streams: each piece is there before the next is written', async () => {
    let write: (text: string | undefined) => void = () => undefined
    await using server = await provider((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      write = (text) => (text === undefined ? response.end() : response.write(text))
      write('one')
    })
    const { status, body } = await sender()(call(account(server.address)), never)
    expect(status).toBe(200)
    const pieces: string[] = []
    for await (const piece of body) {
      pieces.push(Buffer.from(piece).toString())
      write(['two', 'three', undefined][pieces.length - 1])
    }
    expect(pieces).toEqual(['one', 'two', 'three'])
  })

  test.each([200, 400, 401, 429, 500, 529])('%d comes as it is', async (status) => {
    await using server = await provider((_, response) => response.writeHead(status, { 'x-should-retry': 'false' }).end('{"error":1}'))
    const answer = await sender()(call(account(server.address)), never)
    expect(answer).toMatchObject({ status, headers: { 'x-should-retry': 'false' } })
    expect(await textOf(answer.body)).toBe('{"error":1}')
  })

  test('that leads elsewhere is not followed', async () => {
    await using other = await provider((_, response) => response.end('caught'))
    for (const status of [301, 302, 307, 308]) {
      await using server = await provider((_, response) => response.writeHead(status, { location: other.address }).end())
      const answer = await sender()(call(account(server.address)), never)
      expect(answer.status).toBe(status)
      expect(answer.headers).not.toHaveProperty('location')
      await textOf(answer.body)
    }
    expect(other.seen).toEqual([])
  })

  test('says nothing of the account: no cookie, no organisation, no part of the key', async () => {
    const telling = {
      'set-cookie': ['a=1', 'b=2'],
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
      'anthropic-organization-id': 'o-1',
      'x-workspace-id': 'w-1',
      'x-echo': `key=${key}`,
      'x-part': key.slice(14, 24),
      'x-starred': 'sk-ant***more',
      'x-tail': '...more',
      'www-authenticate': 'Basic realm="acme"',
      'alt-svc': 'h3=":443"',
    }
    const plain = { 'request-id': 'req_1', 'anthropic-ratelimit-requests-remaining': '9', 'retry-after': '2', 'x-note': 'sk-ant is a form' }
    const told: OutgoingHttpHeaders = { ...telling, ...plain, 'x-twice': ['a', 'b'] }
    await using server = await provider((_, response) => response.writeHead(200, told).end('{}'))
    const { headers, body } = await sender()(call(account(server.address)), never)
    await textOf(body)
    for (const name of [...Object.keys(telling), 'connection', 'keep-alive', 'transfer-encoding', 'content-length'])
      expect(headers).not.toHaveProperty(name)
    expect(headers).toMatchObject({ ...plain, 'x-twice': 'a, b' })
  })

  test('that says the key back has stars for it, wherever it is cut', async () => {
    const text = `you sent ${key}, ${key}${key} and ${key.slice(0, 20)} ${key}`
    const stars = '*'.repeat(key.length)
    let at = 0
    await using server = await provider(async (_, response) => {
      response.writeHead(401)
      response.write(text.slice(0, at))
      await new Promise((next) => setImmediate(next))
      response.end(text.slice(at))
    })
    const send = sender()
    for (at = 1; at < text.length; at += 3)
      expect(await textOf((await send(call(account(server.address)), never)).body)).toBe(
        `you sent ${stars}, ${stars}${stars} and ${key.slice(0, 20)} ${stars}`,
      )
  })
})

describe('trouble', () => {
  const hangs = () => undefined

  test.each([true, false])('silence before the answer ends in time (stream: %s)', async (stream) => {
    await using server = await provider(hangs)
    await expect(sender(fast)(call(account(server.address), { stream }), never)).rejects.toMatchObject({
      trouble: 'no answer in time',
      message: expect.stringContaining('anthropic at 127.0.0.1'),
    })
  })

  test('silence within the answer ends in time, and what came is there', async () => {
    await using server = await provider((_, response) => response.writeHead(200).write('half'))
    const { body } = await sender(fast)(call(account(server.address)), never)
    const pieces: string[] = []
    const reading = (async () => {
      for await (const piece of body) pieces.push(Buffer.from(piece).toString())
    })()
    await expect(reading).rejects.toMatchObject({ trouble: 'no answer in time' })
    expect(pieces).toEqual(['half'])
  })

  test('a connection that breaks before the answer, and within it', async () => {
    await using before = await provider((request) => request.socket.destroy())
    await expect(sender()(call(account(before.address)), never)).rejects.toMatchObject({ trouble: 'connection lost' })
    await using within = await provider((request, response) => response.writeHead(200).write('half', () => request.socket.destroy()))
    const { body } = await sender()(call(account(within.address)), never)
    await expect(textOf(body)).rejects.toMatchObject({ trouble: 'connection lost' })
    await using short = await provider((request, response) =>
      response.writeHead(200, { 'content-length': '100' }).write('half', () => request.socket.end()),
    )
    await expect(textOf((await sender()(call(account(short.address)), never)).body)).rejects.toMatchObject({ trouble: 'connection lost' })
  })

  test('something else than HTTP', async () => {
    await using server = await provider((request) => request.socket.end('220 mail.example\r\n'))
    await expect(sender()(call(account(server.address)), never)).rejects.toMatchObject({ trouble: 'connection lost' })
  })

  test('nobody there, under a name or an address; the key is not in the message', async () => {
    let address: string
    {
      await using server = await provider(hangs)
      address = server.address
    }
    for (const nowhere of [address, 'http://nobody.invalid']) {
      const sent = sender()(call(account(nowhere)), never)
      await expect(sent).rejects.toMatchObject({ trouble: 'not reachable' })
      await expect(sent).rejects.not.toThrow(new RegExp(key))
    }
  })

  test('a key that no header can hold', async () => {
    const sent = sender()(call(account('http://127.0.0.1:9', { key: 'sk-\nwith-a-break' })), never)
    await expect(sent).rejects.toMatchObject({ trouble: 'not reachable', message: expect.not.stringContaining('with-a-break') })
  })

  test('whoever asked goes away: the reason is theirs, and the provider notices', async () => {
    for (const isBefore of [true, false]) {
      let noticed: () => void = () => undefined
      const gone = new Promise<void>((done) => {
        noticed = done
      })
      let asked: () => void = () => undefined
      const arrived = new Promise<void>((done) => {
        asked = done
      })
      await using server = await provider((request, response) => {
        request.socket.once('close', noticed)
        if (!isBefore) response.writeHead(200).write('half')
        asked()
      })
      const leaving = new AbortController()
      const sent = sender()(call(account(server.address)), leaving.signal).then(({ body }) => textOf(body))
      await arrived
      leaving.abort(new Error('done with it'))
      await expect(sent).rejects.toThrow('done with it')
      await gone
    }
    await expect(sender()(call(account('http://127.0.0.1:9')), AbortSignal.abort(new Error('early')))).rejects.toThrow('early')
  })

  test.each(['0', '-1', 'soon', '1e9'])('a time limit of "%s" is refused before anybody is asked', (limit) => {
    expect(() => openUpstream({ variables: { PROCTOR_MODEL_TIMEOUT_S: limit } })).toThrow(
      expect.objectContaining({ code: 'usage_invalid' }),
    )
  })
})

describe('a proxy', () => {
  test.each(['HTTP_PROXY', 'http_proxy'])('is used when %s names one', async (name) => {
    await using proxy = await provider((_, response) => response.end('through'))
    const { body } = await sender({ [name]: proxy.address.replace('://', '://me:secret@') })(
      call(account('http://provider.invalid/pre')),
      never,
    )
    expect(await textOf(body)).toBe('through')
    expect(proxy.seen[0]).toMatchObject({ url: 'http://provider.invalid/pre/v1/messages?beta=true', headers: { 'x-api-key': key } })
    expect(proxy.seen[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`)
  })

  test('sees of https only where it goes', async () => {
    const asked: string[] = []
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(`${request.url} ${JSON.stringify(request.headers)}`)
      socket.end('HTTP/1.1 502 No\r\n\r\n')
    })
    await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready))
    const { port } = proxy.address() as AddressInfo // listening on TCP
    const send = sender({ HTTPS_PROXY: `http://127.0.0.1:${port}` })
    await expect(send(call(account('https://provider.invalid')), never)).rejects.toMatchObject({ trouble: 'not reachable' })
    expect(asked[0]).toMatch(/^provider\.invalid:443 /)
    expect(asked[0]).not.toContain(key)
    await new Promise((closed) => proxy.close(closed))
  })

  test('is left aside for this machine, and for what NO_PROXY names', async () => {
    await using proxy = await provider((_, response) => response.end('through'))
    await using server = await provider((_, response) => response.end('direct'))
    const send = sender({ HTTP_PROXY: proxy.address, NO_PROXY: 'provider.invalid' })
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await textOf((await send(call(account(server.address.replace('127.0.0.1', host))), never)).body)).toBe('direct')
    await expect(send(call(account('http://provider.invalid')), never)).rejects.toMatchObject({ trouble: 'not reachable' })
    expect(proxy.seen).toEqual([])
  })
})
