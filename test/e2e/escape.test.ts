import { execFileSync } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { existsSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDocker } from '../../runner/adapters/docker/docker.ts'
import { openGateway } from '../../runner/adapters/gateway/gateway.ts'
import { openUpstream } from '../../runner/adapters/upstream/upstream.ts'
import type { Grant } from '../../runner/seams/gateway.ts'
import type { Profile, Sandbox } from '../../runner/seams/sandbox.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { modelServer } from '../fakes/model-server/server.ts'
import { fakeRun } from '../fakes/runs.ts'
import { there } from '../support/there.ts'

/** Addresses that no machine of the internet has (RFC 5737), and the one where clouds keep their secrets. Both are given to this host for the test. */
const internet = '203.0.113.7'
const metadata = '169.254.169.254'
const engineSocket = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace('unix://', '')

const profile: Profile = {
  run: 'escape',
  kind: 'agent',
  network: 'gateway',
  gateway: true,
  resources: { cpus: 2, memoryMb: 512, pids: 256, diskMb: 2048 },
  sudo: true,
}
const signal = new AbortController().signal
const closing = new AsyncDisposableStack()
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })

/** What a host listens with: whatever comes as a connection is told the word. */
async function listen(word: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).end(`${word}\n`))
  await new Promise<void>((ready) => server.listen(0, '0.0.0.0', ready))
  return server
}
const portOf = (server: Server) => (server.address() as AddressInfo).port // listening on TCP

async function run(sandbox: Sandbox, command: string) {
  let output = ''
  const { exitCode } = await sandbox.exec(['bash', '-c', `{ ${command}\n} 2>&1`], {
    timeoutMs: 30_000,
    onOutput: ({ stream, bytes }) => {
      if (stream !== 'steps') output += Buffer.from(bytes).toString()
    },
  })
  return { exitCode, output: output.trim() }
}

let host: Server
let names: Socket
let bridge: string
/** Like an agent with `network: open`: what the others must not reach, it does. */
let control: Sandbox
let own: { sandbox: Sandbox; grant: Grant }
let other: { sandbox: Sandbox; grant: Grant }
let after: Sandbox
const sandboxes = () => [['with the gateway alone', own.sandbox] as const, ['after its setup had a network', after] as const]

beforeAll(async () => {
  const docker = closing.use(
    openDocker({ organisation: 'escape', trust: 'local', blobs: memoryBlobs(), dockerHost: process.env.DOCKER_HOST }),
  )
  const models = closing.use(await modelServer({ move: () => ({ text: 'hello' }) }))
  const gateway = openGateway({ upstream: openUpstream({ variables: models.variables }), variables: {} })
  const image = await docker.prepare([{ base: 'proctor-base:latest' }], { signal })
  const open = async (change: Partial<Profile> = {}) => closing.use(await docker.open(image, { ...profile, ...change }, signal))
  const granted = async (id: string) => {
    const sandbox = await open()
    const grant = closing.use(await gateway.admit({ run: fakeRun({ id }), keys: new Map(), hosts: [], open: false }))
    await grant.listen(there(sandbox.door))
    return { sandbox, grant }
  }
  own = await granted('own')
  other = await granted('other')
  control = await open({ network: 'open' })
  after = await open({ online: true })
  await after.isolate()

  for (const address of [internet, metadata]) {
    ip('address', 'replace', `${address}/32`, 'dev', 'lo') // one that died may have left it
    closing.defer(() => void ip('address', 'del', `${address}/32`, 'dev', 'lo'))
  }
  host = await listen('the host answers')
  closing.defer(() => void host.close())
  names = createSocket('udp4').on('message', (_, from) => names.send('a name', from.port, from.address))
  await new Promise<void>((ready) => names.bind(0, '0.0.0.0', ready))
  closing.defer(() => void names.close())
  const route = await run(control, 'awk \'$2 == "00000000" {print $3}\' /proc/net/route')
  bridge = Buffer.from(route.output, 'hex').reverse().join('.')
}, 120_000)
afterAll(() => closing.disposeAsync())

const addresses = () => [
  ['the bridge', bridge],
  ['the internet', internet],
  ['the metadata address', metadata],
]
const knock = (address: string, port: number) => `timeout 4 bash -c 'cat < /dev/tcp/${address}/${port}'`
const question = (address: string, port: number) =>
  `python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)
s.sendto(b"who is example.com", ("${address}", ${port})); print(s.recv(100).decode())'`

describe('what would answer does answer, where an agent has a network', () => {
  test('services of the host, on every address', async () => {
    for (const [what, address] of addresses())
      expect((await run(control, knock(address ?? '', portOf(host)))).output, what).toBe('the host answers')
  })
  test('names', async () => {
    expect((await run(control, question(bridge, names.address().port))).output).toBe('a name')
  })
  test('the engine, on the host', async () => {
    const answer = execFileSync('curl', ['-s', '--unix-socket', engineSocket, 'http://engine/_ping'], { encoding: 'utf8' })
    expect(answer).toBe('OK')
  })
  test("the other run's socket, on the host", async () => {
    const socket = connect(join(there(other.sandbox.door), 'gateway.sock'))
    await new Promise<void>((connected, failed) => socket.on('connect', connected).on('error', failed))
    socket.destroy()
  })
})

describe('from inside, with sudo', () => {
  test('no service of the host answers, on no address', async () => {
    for (const [which, sandbox] of sandboxes())
      for (const [what, address] of addresses())
        for (const sudo of ['', 'sudo '])
          expect((await run(sandbox, `${sudo}${knock(address ?? '', portOf(host))}`)).exitCode, `${which}: ${sudo}${what}`).not.toBe(0)
  })

  test('no address can be given to it, and no route', async () => {
    for (const [which, sandbox] of sandboxes()) {
      const tries = [
        `python3 - <<'END'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
END`,
        `python3 - <<'END'
import fcntl, socket, struct
s = socket.socket()
address = struct.pack("16sHH4s8x", b"lo", socket.AF_INET, 0, socket.inet_aton("${internet}"))
fcntl.ioctl(s, 0x8916, address)
END`,
      ]
      for (const attempt of tries) expect((await run(sandbox, `sudo ${attempt}`)).exitCode, `${which}: ${attempt}`).not.toBe(0)
      expect((await run(sandbox, 'ls /sys/class/net')).output, which).toBe('lo')
    }
  })

  test('no name is resolved: not by the host, not by the engine', async () => {
    for (const [which, sandbox] of sandboxes()) {
      for (const address of [bridge, internet, '127.0.0.11'])
        expect(
          (await run(sandbox, question(address, address === '127.0.0.11' ? 53 : names.address().port))).exitCode,
          `${which}: ${address}`,
        ).not.toBe(0)
      expect((await run(sandbox, 'getent ahosts example.com')).exitCode, which).not.toBe(0)
      expect((await run(sandbox, 'getent ahosts host.docker.internal')).exitCode, which).not.toBe(0)
    }
  })

  test("the engine's socket is nowhere", async () => {
    const places = [
      engineSocket,
      '/var/run/docker.sock',
      '/run/docker.sock',
      '/proc/1/root/run/docker.sock',
      `/run/proctor/..${engineSocket}`,
    ]
    for (const [which, sandbox] of sandboxes()) {
      for (const place of places)
        expect(
          (await run(sandbox, `sudo curl -s --max-time 3 --unix-socket ${place} http://engine/_ping`)).output,
          `${which}: ${place}`,
        ).toBe('')
      expect(
        (await run(sandbox, 'sudo find / -xdev -type s -not -path "/proc/*" 2>/dev/null; find /run/proctor -type s')).output,
        which,
      ).toBe(sandbox === own.sandbox ? '/run/proctor/gateway.sock' : '')
    }
  })

  test("another run's socket cannot be reached", async () => {
    const door = there(other.sandbox.door)
    expect(existsSync(door)).toBe(true)
    const places = [door, `/run/proctor/..${door}`, `/proc/1/root${door}`, `/run/proctor/../${door.split('/').at(-1)}`]
    for (const place of places)
      expect(
        (await run(own.sandbox, `sudo curl -s --max-time 3 --unix-socket ${place}/gateway.sock http://gateway/anthropic/v1/models`)).output,
        place,
      ).toBe('')
    expect(
      (await run(own.sandbox, `ln -s ${door}/gateway.sock /tmp/s; curl -s --max-time 3 --unix-socket /tmp/s http://gateway/`)).output,
    ).toBe('')
  })

  test("another run's token opens nothing, nor does none; its own does", async () => {
    const ask = (token: string) =>
      `curl -s -o /dev/null -w '%{http_code}' -H 'x-api-key: ${token}' -H 'content-type: application/json' -d '{"model":"claude-sonnet-4-5","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}' http://127.0.0.1:8484/anthropic/v1/messages`
    expect((await run(own.sandbox, ask(own.grant.token))).output).toBe('200')
    expect((await run(own.sandbox, ask(other.grant.token))).output).toBe('401')
    expect((await run(own.sandbox, ask(''))).output).toBe('401')
    expect((await run(other.sandbox, ask(other.grant.token))).output).toBe('200')
  })

  test('the gateway is no way out: not as a proxy, not to an address that a request names', async () => {
    const tries = [
      `curl -s --max-time 5 -x http://proctor:${own.grant.token}@127.0.0.1:8484 http://${internet}:${portOf(host)}/`,
      `curl -s --max-time 5 -p -x http://proctor:${own.grant.token}@127.0.0.1:8484 http://${internet}:${portOf(host)}/`,
      `curl -s --max-time 5 -k -x http://proctor:${own.grant.token}@127.0.0.1:8484 https://${metadata}/`,
      `curl -s --max-time 5 -H 'Host: ${internet}:${portOf(host)}' -H 'x-api-key: ${own.grant.token}' http://127.0.0.1:8484/`,
      `curl -s --max-time 5 --path-as-is -H 'x-api-key: ${own.grant.token}' 'http://127.0.0.1:8484/anthropic/..//http://${internet}:${portOf(host)}/'`,
    ]
    for (const attempt of tries) expect((await run(own.sandbox, attempt)).output, attempt).not.toContain('the host answers')
  })
})
