import { randomBytes } from 'node:crypto'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import { readClientHello } from '../../../../../runner/adapters/gateway/proxy/client-hello.ts'
import { extension, handshakeOf, names, number, records, sized } from './hello.ts'

/** What a real client sends first. */
async function helloOf(options: {
  readonly servername?: string
  readonly maxVersion?: 'TLSv1.2'
  readonly ALPNProtocols?: string[]
}): Promise<Buffer> {
  const got = Promise.withResolvers<Buffer>()
  const server = createServer((socket: Socket) => socket.once('data', (bytes) => got.resolve(bytes)))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as { port: number } // listening on TCP
  const raw = connectTcp(port, '127.0.0.1')
  const client = connect({ socket: raw, rejectUnauthorized: false, ...options })
  client.on('error', () => {})
  const bytes = await got.promise
  raw.destroy()
  server.close()
  return bytes
}

describe('what a client asks for', () => {
  let real: Buffer
  beforeAll(async () => {
    real = await helloOf({ servername: 'api.example.com', ALPNProtocols: ['h2', 'http/1.1'] })
  })

  test('is read from real clients', async () => {
    expect(readClientHello(real)).toEqual({ name: 'api.example.com' })
    expect(readClientHello(await helloOf({ servername: 'old.example.com', maxVersion: 'TLSv1.2' }))).toEqual({ name: 'old.example.com' })
    expect(readClientHello(await helloOf({}))).toEqual({ name: undefined })
  })

  test('is read from any cut into pieces, and never before it is all there', () => {
    for (let length = 0; length < real.length; length++) {
      const read = readClientHello(real.subarray(0, length))
      expect(read).toMatchObject({ more: expect.any(Number) })
      expect((read as { more: number }).more).toBeGreaterThan(length)
      expect((read as { more: number }).more).toBeLessThanOrEqual(real.length)
    }
  })

  test('is read from any cut into records', () => {
    const message = handshakeOf(extension(10, randomBytes(6)), names('api.example.com'), extension(43, randomBytes(3)))
    for (const size of [1, 2, 3, 4, 5, 7, 50, message.length]) {
      const cut = records(message, size)
      expect([size, readClientHello(cut)]).toEqual([size, { name: 'api.example.com' }])
      expect([size, readClientHello(Buffer.concat([cut, randomBytes(20)]))]).toEqual([size, { name: 'api.example.com' }])
      expect(readClientHello(cut.subarray(0, -1))).toMatchObject({ more: cut.length })
    }
  })

  const http = Buffer.from('GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n')
  test.each<[string, () => Buffer]>([
    ['plain http', () => http],
    ['ssh', () => Buffer.from('SSH-2.0-OpenSSH_9.9\r\n')],
    ['SSL 2', () => Buffer.from([0x80, 0x2e, 1, 3, 1, 0, 0x15])],
    ['an alert', () => Buffer.from([21, 3, 1, 0, 2, 1, 0])],
    ['application data', () => Buffer.from([23, 3, 3, 0, 5, 1, 2, 3, 4, 5])],
    ['another message', () => records(Buffer.from([2, 0, 0, 1, 0]), 100)],
    ['an empty record', () => Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', () => Buffer.from([22, 3, 1, 0x50, 0])],
    ['two names', () => records(handshakeOf(names('api.example.com', 'evil.example.com')), 1000)],
    ['the extension twice', () => records(handshakeOf(names('api.example.com'), names('evil.example.com')), 1000)],
    ['a name of another type', () => records(handshakeOf(extension(0, sized(2, Buffer.of(1), sized(2, Buffer.from('x'))))), 1000)],
    ['an empty list of names', () => records(handshakeOf(extension(0, sized(2))), 1000)],
    [
      'extensions that are shorter than they say',
      () => records(handshakeOf(Buffer.concat([number(0, 2), number(500, 2), Buffer.from('x')])), 1000),
    ],
    [
      'bytes after the extensions',
      () => {
        const hello = handshakeOf(names('a.example.com'))
        return records(Buffer.concat([Buffer.of(1), number(hello.length - 3, 3), hello.subarray(4), Buffer.of(0)]), 1000)
      },
    ],
    ['nothing in it', () => records(Buffer.from([1, 0, 0, 0]), 100)],
  ])('%s is no such message', (_, bytes) => {
    expect(readClientHello(bytes())).toBe('not tls')
  })

  test('noise throws nothing', () => {
    for (let round = 0; round < 2000; round++) {
      const noise = Buffer.concat([records(handshakeOf(names('a.example.com')), 60)])
      for (let flips = 0; flips < 4; flips++) noise[Math.floor(Math.random() * noise.length)] = Math.floor(Math.random() * 256)
      expect(() => readClientHello(noise)).not.toThrow()
    }
  })
})
