import net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type Docker from 'dockerode'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { borrowArchive } from '../../../../runner/adapters/docker/borrow-archive.ts'
import { connect } from '../../../../runner/adapters/docker/engine.ts'

const never = new AbortController().signal
// borrowArchive reads nothing else of it.
const container = { id: 'abc' } as Docker.Container

let server: net.Server
let answer: (socket: net.Socket) => Promise<void>
beforeEach(async () => {
  server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => void answer(socket))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
})
afterEach(() => new Promise((closed) => server.close(closed)))

/** All of it, copied chunk by chunk: a chunk is lent only. */
async function read(signal = never): Promise<Buffer | undefined> {
  // It listens on TCP.
  const engine = connect({ dockerHost: `tcp://127.0.0.1:${(server.address() as net.AddressInfo).port}`, log: () => {} })
  try {
    const stream = await borrowArchive(engine, container, '/x', signal)
    if (!stream) return undefined
    const chunks: Buffer[] = []
    for await (const chunk of stream) {
      chunks.push(Buffer.from(chunk))
      await wait(0)
    }
    return Buffer.concat(chunks)
  } finally {
    engine.close()
  }
}
const ok = 'HTTP/1.0 200 OK\r\nContent-Type: application/x-tar\r\n\r\n'

test('brings every byte, in order, however it was cut and however slowly it is read', async () => {
  const body = Buffer.alloc(3_000_000, 0).map((_, at) => at % 251)
  answer = async (socket) => {
    for (const piece of [ok.slice(0, 9), ok.slice(9, -1), ok.slice(-1)]) {
      socket.write(piece)
      await wait(5)
    }
    for (let at = 0; at < body.length; at += 77_777) socket.write(body.subarray(at, at + 77_777))
    socket.end()
  }
  expect((await read())?.equals(body)).toBe(true)
})

test.each([['HTTP/1.0 404 Not Found\r\n\r\nno such path'], ['HTTP/1.0 500 Oops\r\n\r\n'], ['nonsense'], ['']])(
  'an answer %j is left to the library',
  async (text) => {
    answer = async (socket) => void socket.end(text)
    expect(await read()).toBeUndefined()
  },
)

test('an engine that goes away in the middle is named, never taken for the end', async () => {
  answer = async (socket) => {
    socket.write(`${ok}${'x'.repeat(1000)}`)
    await wait(50)
    socket.resetAndDestroy()
  }
  await expect(read()).rejects.toMatchObject({ code: 'engine_unreachable' })
})

test('an abort ends it at once', async () => {
  const stop = new AbortController()
  answer = async (socket) => {
    socket.write(`${ok}x`)
    await wait(50)
    stop.abort(new Error('enough'))
  }
  await expect(read(stop.signal)).rejects.toThrow('enough')
})
