import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls, createServer as createTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGate } from '../gate.ts'
import { fails } from '../provider.ts'
import { handshakeOf, names, records } from './hello.ts'

/** A host on this machine that counts who came, and says back what it heard. */
async function openHost(address = '127.0.0.1', port = 0) {
  const heard: { text: string }[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const one = { text: '' }
    heard.push(one)
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      one.text += bytes.toString('latin1')
      socket.write(bytes)
    })
    socket.on('end', () => socket.end())
  })
  await new Promise<void>((ready) => server.listen(port, address, ready))
  return {
    port: (server.address() as AddressInfo).port, // listening on TCP
    heard,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
type Host = Awaited<ReturnType<typeof openHost>>

let host: Host
beforeAll(async () => {
  host = await openHost()
})
afterAll(async () => host[Symbol.asyncDispose]())

const hello = (name = 'host.test', size = 1000) => records(handshakeOf(...(name ? [names(name)] : [])), size)
const basic = (token: string, user = 'proctor') => ({
  'proxy-authorization': `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`,
})
type Gate = Awaited<ReturnType<typeof openGate>>
/** `host.test` is this machine, which only PROCTOR_PRIVATE_HOSTS makes reachable. */
const open = (more: Parameters<typeof openGate>[0] = {}) =>
  openGate({
    hosts: [`host.test:${host.port}`],
    variables: { PROCTOR_PRIVATE_HOSTS: `host.test:${host.port}` },
    lookup: async (name) => (name === 'host.test' ? ['127.0.0.1'] : []),
    ...more,
  })

/** The status of a CONNECT, and what can be said and heard after it. */
async function connect(
  gate: Pick<Gate, 'socketPath' | 'grant'>,
  authority: string,
  headers: Record<string, string> = basic(gate.grant.token),
) {
  const asked = request({ socketPath: gate.socketPath, method: 'CONNECT', path: authority, headers, agent: false })
  asked.end()
  const [response, socket, head] = (await once(asked, 'connect')) as [
    { statusCode: number; headers: Record<string, string> },
    Socket,
    Buffer,
  ]
  socket.on('error', () => {})
  return { status: response.statusCode, headers: response.headers, socket, head: String(head) }
}

describe('a connection through the proxy', () => {
  test('is real TLS, end to end, and counted', async () => {
    const psk = Buffer.alloc(32, 7)
    const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const
    const server = createTls({ ...tls, pskCallback: () => psk, pskIdentityHint: '' }, (socket) => {
      socket.on('error', () => {})
      socket.pipe(socket)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const { port } = server.address() as AddressInfo // listening on TCP
    await using gate = await open({ hosts: [`host.test:${port}`], variables: { PROCTOR_PRIVATE_HOSTS: `host.test:${port}` } })
    const { status, socket } = await connect(gate, `host.test:${port}`)
    expect(status).toBe(200)
    const client = connectTls({
      ...tls,
      socket,
      servername: 'host.test',
      pskCallback: () => ({ psk, identity: 'x' }),
      checkServerIdentity: () => undefined,
    })
    await once(client, 'secureConnect')
    const sent = Buffer.alloc(8 * 1024 * 1024, 'round trip ')
    const chunks: Buffer[] = []
    let length = 0
    client.on('data', (bytes: Buffer) => {
      chunks.push(bytes)
      length += bytes.length
      if (length === sent.length) client.end()
    })
    client.write(sent)
    await once(client, 'close')
    expect(Buffer.concat(chunks).equals(sent)).toBe(true)
    const [tunnel] = gate.grant.tunnels()
    expect(tunnel).toMatchObject({ host: `host.test:${port}`, at: expect.any(String) })
    expect(tunnel?.bytesOut).toBeGreaterThan(sent.length)
    expect(tunnel?.bytesIn).toBeGreaterThan(sent.length)
    server.close()
  })

  test('goes on in the other direction when one side has ended', async () => {
    await using gate = await open()
    const { socket } = await connect(gate, `host.test:${host.port}`)
    socket.write(hello())
    socket.end('and the rest')
    expect(await text(socket)).toMatch(/and the rest$/)
  })

  test.each<[string, (token: string) => Record<string, string>]>([
    ['no token', () => ({})],
    ['another user', (token) => basic(token, 'root')],
    ['a wrong token', () => basic('pt-wrong')],
    ['a bearer', (token) => ({ 'proxy-authorization': `Bearer ${token}` })],
    ['the token for the host', (token) => ({ authorization: basic(token)['proxy-authorization'] })],
  ])('with %s is refused', async (_, headers) => {
    await using gate = await open()
    const before = host.heard.length
    expect(await connect(gate, `host.test:${host.port}`, headers(gate.grant.token))).toMatchObject({
      status: 407,
      headers: { 'proxy-authenticate': expect.stringContaining('Basic') },
    })
    expect(host.heard).toHaveLength(before)
  })

  test('with the token of another run is refused', async () => {
    await using gate = await open()
    const other = await gate.admit()
    expect((await connect(gate, `host.test:${host.port}`, basic(other.grant.token))).status).toBe(407)
  })

  test.each([
    ['a host that is not listed', 'other.test:443', 403],
    ['another port', 'host.test:443', 403],
    ['an address', '127.0.0.1:PORT', 403],
    ['an address of IPv6', '[::1]:PORT', 403],
    ['an address in other letters', '2130706433:PORT', 403],
    ['a name below', 'a.host.test:PORT', 403],
    ['no port', 'host.test', 400],
    ['a user', 'user@host.test:PORT', 400],
  ])('to %s is refused', async (_, authority, status) => {
    await using gate = await open()
    const before = host.heard.length
    expect((await connect(gate, authority.replace('PORT', String(host.port)))).status).toBe(status)
    expect(host.heard).toHaveLength(before)
  })

  test('is refused to a run without hosts, and says why', async () => {
    await using gate = await open({ hosts: [] })
    expect(await connect(gate, `host.test:${host.port}`)).toMatchObject({ status: 403, head: expect.stringContaining('network') })
  })

  test('plain http is refused, and says what to use', async () => {
    await using gate = await open()
    expect(await gate.ask(`http://host.test:${host.port}/`, { method: 'GET', headers: basic(gate.grant.token) })).toMatchObject({
      status: 400,
      body: expect.stringContaining('https'),
    })
  })
})

describe('where a name leads', () => {
  test.each([
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '172.17.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
  ])('inside (%s) it is refused, though it is listed', async (address) => {
    await using gate = await open({ variables: {}, lookup: async () => [address] })
    const before = host.heard.length
    expect((await connect(gate, `host.test:${host.port}`)).status).toBe(403)
    expect(host.heard).toHaveLength(before)
  })

  test('one address inside is enough to refuse it', async () => {
    await using gate = await open({ variables: {}, lookup: async () => ['1.1.1.1', '127.0.0.1'] })
    expect((await connect(gate, `host.test:${host.port}`)).status).toBe(403)
  })

  test('a listed address inside needs the leave of whoever runs proctor, too', async () => {
    const hosts = [`127.0.0.1:${host.port}`]
    await using gate = await open({ hosts, variables: {} })
    expect((await connect(gate, hosts[0] ?? '')).status).toBe(403)
    await using allowed = await open({ hosts, variables: { PROCTOR_PRIVATE_HOSTS: `other.test, ${hosts[0]}` } })
    const { status, socket } = await connect(allowed, hosts[0] ?? '')
    expect(status).toBe(200)
    socket.write(hello(''))
    expect(String((await once(socket, 'data'))[0])).not.toBe('')
    socket.destroy()
  })

  test('it is asked once, and what was checked is what is connected to', async () => {
    await using second = await openHost('127.0.0.2', host.port)
    const asked: string[] = []
    await using gate = await open({
      lookup: async (name) => {
        asked.push(name)
        return [asked.length === 1 ? '127.0.0.1' : '127.0.0.2']
      },
    })
    const { socket } = await connect(gate, `host.test:${host.port}`)
    socket.write(hello())
    await once(socket, 'data')
    expect(asked).toEqual(['host.test'])
    expect(second.heard).toEqual([])
    socket.destroy()
  })

  test('nowhere, to a host that is silent, or to one that is down is said', async () => {
    await using gate = await open({ lookup: async () => [] })
    expect((await connect(gate, `host.test:${host.port}`)).status).toBe(502)
    await using slow = await open({ limits: { resolveMs: 50 }, lookup: () => new Promise(() => {}) })
    expect((await connect(slow, `host.test:${host.port}`)).status).toBe(502)
    await using down = await open({ hosts: ['host.test:1'], variables: { PROCTOR_PRIVATE_HOSTS: 'host.test:1' } })
    expect((await connect(down, 'host.test:1')).status).toBe(502)
  })
})

describe('what is said first', () => {
  const said: readonly (readonly [string, () => Buffer])[] = [
    ['another name', () => hello('evil.test')],
    ['a name below', () => hello('a.host.test')],
    ['no name', () => hello('')],
    ['two names', () => records(handshakeOf(names('host.test'), names('evil.test')), 1000)],
    ['plain http', () => Buffer.from('GET / HTTP/1.1\r\nHost: host.test\r\n\r\n')],
    ['ssh', () => Buffer.from('SSH-2.0-OpenSSH_9.9\r\n')],
    ['a hello that never ends', () => records(handshakeOf(names('host.test'), Buffer.alloc(60_000)), 16_000)],
  ]
  test.each(said)('%s: closed before the host hears a word', async (_, bytes) => {
    await using gate = await open()
    const { status, socket } = await connect(gate, `host.test:${host.port}`)
    expect(status).toBe(200)
    socket.write(bytes())
    expect(await text(socket).catch(() => '')).toBe('')
    await expect.poll(() => [...host.sockets].every(({ destroyed }) => destroyed)).toBe(true)
    expect(host.heard.at(-1)?.text).toBe('')
    expect(gate.grant.tunnels()).toEqual([])
  })

  test.each([1, 3, 100])('records of %i bytes, each sent alone, are put together', async (size) => {
    await using gate = await open()
    const { socket } = await connect(gate, `host.test:${host.port}`)
    const whole = hello('HOST.test', size)
    for (const byte of whole.subarray(0, 40)) {
      socket.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    socket.write(whole.subarray(40))
    let echoed = ''
    while (echoed.length < whole.length) echoed += ((await once(socket, 'data'))[0] as Buffer).toString('latin1')
    expect(echoed).toBe(whole.toString('latin1'))
    socket.destroy()
  })

  test('nothing: closed after a while', async () => {
    await using gate = await open({ limits: { helloMs: 50 } })
    const { socket } = await connect(gate, `host.test:${host.port}`)
    socket.write(hello().subarray(0, 20))
    expect(await text(socket)).toBe('')
  })
})

describe('connections', () => {
  const tunnel = async (gate: Gate) => {
    const { socket } = await connect(gate, `host.test:${host.port}`)
    socket.write(hello())
    await once(socket, 'data')
    return socket
  }

  test('end with the run', async () => {
    await using gate = await open()
    const socket = await tunnel(gate)
    await gate.grant[Symbol.asyncDispose]()
    await once(socket, 'close')
    await expect.poll(() => [...host.sockets].every(({ destroyed }) => destroyed)).toBe(true)
  })

  test('are refused when the run is over', async () => {
    await using gate = await open({ behaviour: fails(401) })
    await gate.ask('/openai/v1/responses', { body: { model: 'gpt-5-mini', input: 'x' } })
    expect(gate.grant.over.aborted).toBe(true)
    expect((await connect(gate, `host.test:${host.port}`)).status).toBe(403)
  })

  test('are so many at once, and room again afterwards', async () => {
    await using gate = await open({ limits: { tunnels: 2 } })
    const [first] = [await tunnel(gate), await tunnel(gate)]
    expect((await connect(gate, `host.test:${host.port}`)).status).toBe(429)
    first.destroy()
    await expect
      .poll(async () => {
        const { status, socket } = await connect(gate, `host.test:${host.port}`)
        socket.destroy()
        return status
      })
      .toBe(200)
  })

  test('that are silent are closed', async () => {
    await using gate = await open({ limits: { tunnelIdleMs: 80 } })
    await once(await tunnel(gate), 'close')
  })

  test('of which one side never ends are closed', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => void socket.on('error', () => {}).resume())
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const { port } = server.address() as AddressInfo // listening on TCP
    await using gate = await open({
      hosts: [`host.test:${port}`],
      variables: { PROCTOR_PRIVATE_HOSTS: `host.test:${port}` },
      limits: { halfOpenMs: 80 },
    })
    const { socket } = await connect(gate, `host.test:${port}`)
    socket.end(hello())
    expect(await text(socket)).toBe('')
    server.close()
  })
})
