import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openReach } from '../../../../runner/adapters/git/reach.ts'
import { openGit } from '../../../../runner/adapters/git/source.ts'
import { gitServer } from '../../../support/git-server.ts'

/** Where one cloud keeps the credentials of containers: given to this host for the test. No other test has it. */
const metadata = '169.254.170.2'
const never = new AbortController().signal
let folder: string
/** On every address of this host, on the port of https: whoever came as far as connecting would be counted. */
let listener: Server
let connections = 0
const ip = (what: 'replace' | 'del') => execFileSync('ip', ['address', what, `${metadata}/32`, 'dev', 'lo'], { stdio: 'ignore' })
const checkout = async (url: string, variables: Record<string, string | undefined> = {}) => {
  const to = await mkdtemp(join(folder, 'to-'))
  return openGit({ PATH: process.env.PATH, ...variables }).checkout({ url, strict: true, local: false, to }, never)
}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-ssrf-'))
  ip('replace')
  listener = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((ready, failed) => listener.on('error', failed).listen(443, '::', ready))
})
afterAll(async () => {
  listener.close()
  ip('del')
  await rm(folder, { recursive: true, force: true })
})

test.each(['localhost', '127.0.0.1', metadata])('%s would answer: where it is exempted, it is connected to', async (host) => {
  const before = connections
  await expect(checkout(`https://${host}/x`, { PROCTOR_PRIVATE_HOSTS: host })).rejects.toThrow()
  expect(connections).toBeGreaterThan(before)
})

const hosts = [
  // Loopback, in all of its spellings.
  ...[
    'localhost',
    'LOCALHOST',
    'localhost.',
    'ip6-localhost',
    '127.0.0.1',
    '127.0.0.2',
    '127.255.255.254',
    '127.1',
    '127.0.1',
    '0x7f.1',
    '0x7f000001',
    '0177.0.0.1',
    '2130706433',
    '017700000001',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
  ],
  ...[
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:7f00:0001]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    '[::1%25lo]',
  ],
  // Nothing, everybody, this network.
  ...['0.0.0.0', '0', '[::]', '255.255.255.255', '224.0.0.1', '[ff02::1]'],
  // Private, shared, link-local, and where clouds keep their secrets.
  ...[
    '10.0.0.1',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.0.1',
    metadata,
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '0251.0376.0251.0376',
    '169.254.43518',
  ],
  ...[
    '[fe80::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::1]',
    '[fec0::1]',
  ],
  // Documentation, benchmarks, reserved.
  ...['192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '240.0.0.1', '[2001:db8::1]', '[100::1]'],
]
/** The guard's own words: that nobody answers there, git would say too. Not every machine knows the name of its loopback of IPv6. */
const refused = /is no public address|unusual spelling of the address|no host that could be read|^ip6-localhost is not known here/
describe('hosts that no source is fetched from', () => {
  test('there are many', () => expect(hosts.length).toBeGreaterThanOrEqual(40))

  test.each(hosts)('%s', async (host) => {
    const before = connections
    await expect(checkout(`https://${host}/team/agent.git`)).rejects.toThrow(refused)
    expect(connections).toBe(before)
  })

  test.each([
    'http://example.com/x',
    'ssh://git@example.com/x',
    'git@example.com:x/y',
    'git://example.com/x',
    'file:///etc',
    '/etc',
    'ext::sh -c id',
    'https://user:word@example.com/x',
    'https://example.com:8443/x',
    'https://example.com/x?y',
    'https://example.com\\@127.0.0.1/x',
    'https://127.0.0.1#@example.com/x',
  ])('%s', async (url) => {
    const before = connections
    await expect(checkout(url)).rejects.toThrow()
    expect(connections).toBe(before)
  })
})

describe('names', () => {
  const answering =
    (...addresses: string[]) =>
    async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

  test('one private address among public ones is enough', async () => {
    const reach = (...addresses: string[]) => openReach(undefined, answering(...addresses))({ host: 'two-faced.example', port: 443 })
    await expect(reach('93.184.215.14')).resolves.toMatchObject({ trusted: false })
    await expect(reach('93.184.215.14', '10.0.0.1')).rejects.toThrow(/10\.0\.0\.1 is no public address/)
    await expect(reach('93.184.215.14', '::ffff:10.0.0.1')).rejects.toThrow(/no public address/)
  })

  test('a name that changes its mind is asked once: what was checked is what is connected to', async () => {
    let asked = 0
    const turning = async () => [{ address: asked++ === 0 ? '93.184.215.14' : '127.0.0.1', family: 4 }]
    const { addresses } = await openReach(undefined, turning)({ host: 'rebinding.example', port: 443 })
    expect(addresses).toEqual([{ address: '93.184.215.14', family: 4 }])
    expect(asked).toBe(1)
  })
})

test.each([301, 302, 307, 308])('a redirect (%i) to a host that must not be reached is not followed', async (status) => {
  const before = connections
  await using server = await gitServer({
    answer: (request, response) => {
      response.writeHead(status, { location: `https://127.0.0.1:443${request.url}` }).end()
      return true
    },
  })
  await expect(checkout(`${server.url}/agent`, server.variables)).rejects.toThrow()
  expect(server.asked.length).toBeGreaterThan(0)
  expect(connections).toBe(before)
  expect((listener.address() as AddressInfo).port).toBe(443) // listening on TCP
})
