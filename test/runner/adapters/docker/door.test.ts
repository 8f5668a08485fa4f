import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDocker } from '../../../../runner/adapters/docker/docker.ts'
import type { Profile, Sandbox } from '../../../../runner/seams/sandbox.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { there } from '../../../support/there.ts'

const profile: Profile = {
  run: 'door',
  kind: 'agent',
  network: 'gateway',
  gateway: true,
  resources: { cpus: 2, memoryMb: 512, pids: 256, diskMb: 2048 },
  sudo: true,
}
const signal = new AbortController().signal
const sandboxes = openDocker({ organisation: 'doors', trust: 'local', blobs: memoryBlobs(), dockerHost: process.env.DOCKER_HOST })
afterAll(() => sandboxes[Symbol.asyncDispose]())

const openOne = async (change: Partial<Profile> = {}) =>
  sandboxes.open(await sandboxes.prepare([{ base: 'proctor-base:latest' }], { signal }), { ...profile, ...change }, signal)

async function run(sandbox: Sandbox, command: string, timeoutMs = 30_000) {
  let output = ''
  const { exitCode } = await sandbox.exec(['bash', '-c', `{ ${command}\n} 2>&1`], {
    timeoutMs,
    onOutput: ({ stream, bytes }) => {
      if (stream !== 'steps') output += Buffer.from(bytes).toString()
    },
  })
  return { exitCode, output: output.trim() }
}
const listen = (server: Server | ReturnType<typeof createSocketServer>, sandbox: Sandbox) =>
  new Promise<void>((ready) => server.listen({ path: join(there(sandbox.door), 'gateway.sock'), writableAll: true }, ready))

describe('a sandbox with a door', () => {
  let sandbox: Sandbox
  let server: Server
  const asked: string[] = []
  beforeAll(async () => {
    sandbox = await openOne()
    server = createServer(async (request, response) => {
      asked.push(request.url ?? '')
      if (request.url === '/slow') {
        response.write('first ')
        const more = Promise.withResolvers<void>()
        server.once('more', () => more.resolve())
        await more.promise
        return response.end('last')
      }
      if (request.url === '/more') server.emit('more')
      let bytes = 0
      for await (const chunk of request) bytes += (chunk as Buffer).length
      if (request.url === '/big') return response.end(Buffer.alloc(20_000_000, 'x'))
      response.end(`${bytes}`)
    })
  })
  afterAll(async () => {
    server.close()
    await sandbox[Symbol.asyncDispose]()
  })

  test('says that nobody answers, as long as nobody does', async () => {
    expect((await run(sandbox, 'curl -s -w " %{http_code}" http://127.0.0.1:8484/')).output).toMatch(/nobody answers.* 503$/s)
    await listen(server, sandbox)
    expect((await run(sandbox, 'curl -s http://127.0.0.1:8484/there')).output).toBe('0')
    expect(asked).toContain('/there')
  })

  test('large bodies pass in both directions', async () => {
    const { output } = await run(
      sandbox,
      'head -c 20000000 /dev/zero | curl -s --data-binary @- http://127.0.0.1:8484/up; echo; curl -s http://127.0.0.1:8484/big | wc -c',
    )
    expect(output).toBe('20000000\n20000000')
  })

  test('what comes first arrives first: nothing waits for the end', async () => {
    const { output } = await run(
      sandbox,
      `python3 - <<'END'
import socket
one = socket.create_connection(("127.0.0.1", 8484))
one.sendall(b"GET /slow HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
seen = b""
while b"first" not in seen: seen += one.recv(100)
two = socket.create_connection(("127.0.0.1", 8484))
two.sendall(b"GET /more HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
while True:
    more = one.recv(1000)
    if not more: break
    seen += more
print("last" in seen.decode())
END`,
    )
    expect(output).toBe('True')
  })

  test('fifty at once', async () => {
    const { output } = await run(sandbox, 'seq 50 | xargs -P 50 -I{} curl -s -d 12345 http://127.0.0.1:8484/{} | fold -w1 | sort | uniq -c')
    expect(output).toMatch(/^50 5$/)
  })

  test('nothing else of the host is mounted, and the folder cannot be written, moved or mounted anew, sudo or not', async () => {
    const tries = [
      'touch /run/proctor/x',
      'rm /run/proctor/gateway.sock',
      'mv /run/proctor /run/other',
      'mount -o remount,rw /run/proctor',
      'umount /run/proctor',
      'chmod 777 /run/proctor',
    ]
    for (const attempt of tries) {
      expect((await run(sandbox, attempt)).exitCode, attempt).not.toBe(0)
      expect((await run(sandbox, `sudo ${attempt}`)).exitCode, `sudo ${attempt}`).not.toBe(0)
    }
    expect((await run(sandbox, 'ls -A /run/proctor')).output).toBe('gateway.sock')
    expect((await run(sandbox, 'curl -s http://127.0.0.1:8484/still')).output).toBe('0')
  })

  test('the only listener is on loopback, and no network is there', async () => {
    expect((await run(sandbox, 'awk \'NR>1 && $4=="0A" {print $2}\' /proc/net/tcp /proc/net/tcp6')).output).toBe('0100007F:2124')
    expect((await run(sandbox, 'ls /sys/class/net')).output).toBe('lo')
  })
})

test('each direction ends on its own: an answer arrives after the question has ended', async () => {
  await using sandbox = await openOne()
  const server = createSocketServer({ allowHalfOpen: true }, (socket) => {
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    socket.on('end', () => socket.end(`got ${bytes}`))
  })
  await listen(server, sandbox)
  const { output } = await run(
    sandbox,
    `python3 -c '
import socket
s = socket.create_connection(("127.0.0.1", 8484)); s.sendall(b"x" * 3000000); s.shutdown(socket.SHUT_WR)
print(s.makefile().read())'`,
  )
  expect(output).toBe('got 3000000')
  server.close()
})

test('the door goes with the sandbox, and without a gateway there is none', async () => {
  const sandbox = await openOne()
  const door = there(sandbox.door)
  expect(existsSync(door)).toBe(true)
  await sandbox[Symbol.asyncDispose]()
  await expect.poll(() => existsSync(door), { timeout: 10_000 }).toBe(false)
  await using plain = await openOne({ network: 'none', gateway: false })
  expect(plain.door).toBeUndefined()
  expect((await run(plain, 'ls /run/proctor')).exitCode).not.toBe(0)
})

test('isolate takes the network away, for good', async () => {
  const host = createSocketServer((socket) => socket.end('hello'))
  await new Promise<void>((ready) => host.listen(0, '0.0.0.0', ready))
  const { port } = host.address() as AddressInfo // listening on TCP
  await using sandbox = await openOne({ online: true })
  const gateway = (await run(sandbox, 'awk \'$2 == "00000000" {print $3}\' /proc/net/route')).output
  const address = Buffer.from(gateway, 'hex').reverse().join('.')
  const ask = `timeout 3 bash -c 'cat < /dev/tcp/${address}/${port}'`
  expect((await run(sandbox, ask)).output).toBe('hello')
  await sandbox.isolate()
  expect((await run(sandbox, ask)).exitCode).not.toBe(0)
  expect((await run(sandbox, 'ls /sys/class/net')).output).toBe('lo')
  await sandbox.isolate()
  host.close()
})
