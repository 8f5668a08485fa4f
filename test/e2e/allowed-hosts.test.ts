import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDocker } from '../../runner/adapters/docker/docker.ts'
import { openGateway } from '../../runner/adapters/gateway/gateway.ts'
import type { OpenGrant } from '../../runner/adapters/gateway/grant.ts'
import { openUpstream } from '../../runner/adapters/upstream/upstream.ts'
import { Redactor } from '../../runner/lib/redact.ts'
import { equip } from '../../runner/run/equip.ts'
import type { Sandbox } from '../../runner/seams/sandbox.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { noCredentials } from '../fakes/credentials.ts'
import { fakeRun } from '../fakes/runs.ts'
import { gitServer } from '../support/git-server.ts'
import { there } from '../support/there.ts'

const signal = new AbortController().signal
const closing = new AsyncDisposableStack()
/** An https server of this host. Every name of `.test` means it. */
let server: Awaited<ReturnType<typeof gitServer>>
let port: string
let sandbox: Sandbox
let grant: OpenGrant
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  server = closing.use(
    await gitServer({
      answer: (_, response) => {
        response.end('the host answers')
        return true
      },
    }),
  )
  port = new URL(server.url).port
  const docker = closing.use(
    openDocker({ organisation: 'allowed', trust: 'local', blobs: memoryBlobs(), dockerHost: process.env.DOCKER_HOST }),
  )
  const gateway = openGateway({
    upstream: openUpstream({ variables: {} }),
    variables: { PROCTOR_PRIVATE_HOSTS: ['allowed', 'other'].map((name) => `${name}.test:${port}`).join(',') },
    lookup: async (name) => (name.endsWith('.test') ? ['127.0.0.1'] : []),
  })
  const run = fakeRun({ id: 'allowed', environment: { network: { allow: [`allowed.test:${port}`, `private.test:${port}`] } } })
  const { network, resources, sudo } = run.agent.environment
  const image = await docker.prepare([{ base: 'proctor-base:latest' }], { signal })
  sandbox = closing.use(await docker.open(image, { run: run.id, kind: 'agent', network, resources, sudo, gateway: true }, signal))
  const equipment = closing.use(await equip(run, { credentials: noCredentials, gateway }, new Redactor()))
  env = equipment.env
  grant = there(equipment.grant) as OpenGrant // made by the gateway above
  await grant.listen(there(sandbox.door))
}, 120_000)
afterAll(() => closing.disposeAsync())

async function say(command: string): Promise<{ exitCode: number; output: string }> {
  let output = ''
  const { exitCode } = await sandbox.exec(['bash', '-c', `{ ${command}\n} 2>&1`], {
    env,
    timeoutMs: 30_000,
    onOutput: ({ stream, bytes }) => {
      if (stream !== 'steps') output += Buffer.from(bytes).toString()
    },
  })
  return { exitCode, output: output.trim() }
}
const curl = (rest: string) => `curl -sk --max-time 10 ${rest}`
const python = (url: string) =>
  `python3 -c 'import ssl, urllib.request as u; c = ssl._create_unverified_context(); print(u.urlopen("${url}", context=c, timeout=10).read().decode())'`

describe('network: {allow: [...]}, from inside of a sandbox', () => {
  test('a host that is allowed answers whoever asks as every program does', async () => {
    expect(await say(curl(`https://allowed.test:${port}/`))).toEqual({ exitCode: 0, output: 'the host answers' })
    expect(await say(python(`https://allowed.test:${port}/`))).toEqual({ exitCode: 0, output: 'the host answers' })
    expect(grant.tunnels().map(({ host }) => host)).toEqual([`allowed.test:${port}`, `allowed.test:${port}`])
  })

  test.each<[string, () => string]>([
    ['a host that is not', () => curl(`https://other.test:${port}/`)],
    ['an allowed one that lies inside, and that nobody exempted', () => curl(`https://private.test:${port}/`)],
    ['its address', () => curl(`https://127.0.0.1:${port}/ --noproxy ''`)],
    ['another port', () => curl('https://allowed.test:443/')],
    ['plain http', () => curl(`-f http://allowed.test:${port}/`)],
    ['another name in its greeting', () => curl(`--connect-to other.test:${port}:allowed.test:${port} https://other.test:${port}/`)],
    ['something else than TLS', () => curl(`-f --proxytunnel http://allowed.test:${port}/`)],
    ['a way around the proxy', () => curl(`--noproxy '*' https://allowed.test:${port}/`)],
    [
      'the proxy without its password',
      () => `unset HTTPS_PROXY https_proxy; ${curl(`-x http://127.0.0.1:8484 https://allowed.test:${port}/`)}`,
    ],
    ['a name of the proxy`s host', () => 'getent ahosts allowed.test'],
  ])('%s leads nowhere', async (_, command) => {
    const before = server.connections
    const { exitCode, output } = await say(command())
    expect(exitCode).not.toBe(0)
    expect(output).not.toContain('the host answers')
    // Something that is not what it should be may have been connected to, and heard nothing.
    expect(server.asked.length).toBe(2)
    expect(server.connections - before).toBeLessThanOrEqual(1)
  })
})
