import { createServer as createHttp, request } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openGuardedProxy } from '../../../../runner/adapters/git/guarded-proxy.ts'
import { openReach, type Reach, Unresolved } from '../../../../runner/adapters/git/reach.ts'

const never = new AbortController().signal
/** Greets everybody, then says back what it hears. */
let echo: Server
let connections: number
beforeEach(async () => {
  connections = 0
  echo = createServer((socket) => {
    connections += 1
    socket.on('error', () => {}).write('hello ')
    socket.pipe(socket)
  })
  await new Promise<void>((ready) => echo.listen(0, '127.0.0.1', ready))
})
afterEach(() => void echo.close())

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port // all of them listen on TCP
const here: Reach = async () => ({ addresses: [{ address: '127.0.0.1', family: 4 }], trusted: true })
const open = (more: Partial<Parameters<typeof openGuardedProxy>[0]> = {}) =>
  openGuardedProxy({ reach: here, variables: {}, maxBytes: 2 ** 20, signal: never, ...more })

/** Asks the proxy at `url` for a tunnel, says `text` through it, and hears until the other end has said as much and `hello `. */
function tunnel(url: string, authority: string, text = ''): Promise<{ readonly status: number; readonly heard: string }> {
  const { hostname, port, username, password } = new URL(url)
  const login = username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  return new Promise((resolve, reject) => {
    const asked = request({ host: hostname, port, method: 'CONNECT', path: authority, headers: login })
    asked.on('error', reject).on('response', reject)
    asked.on('connect', ({ statusCode = 0 }, socket, head) => {
      let heard = head.toString()
      const done = () => {
        socket.destroy()
        resolve({ status: statusCode, heard })
      }
      if (statusCode !== 200 || heard.length >= text.length + 6) return done()
      socket.on('error', () => {}).on('close', done)
      socket.on('data', (bytes: Buffer) => {
        heard += bytes
        if (heard.length >= text.length + 6) done()
      })
      socket.write(text)
    })
    asked.end()
  })
}

describe('the way out of git', () => {
  test('connects to the address that was checked, whatever the name resolves to', async () => {
    await using proxy = await open()
    expect(await tunnel(proxy.url, `not-a-name.invalid:${portOf(echo)}`, 'ping')).toEqual({ status: 200, heard: 'hello ping' })
    expect(proxy.refused()).toBeUndefined()
  })

  test('is open to nobody without its password', async () => {
    await using proxy = await open()
    const { port } = new URL(proxy.url)
    for (const login of ['', 'proctor:wrong@', 'other@'])
      expect(await tunnel(`http://${login}127.0.0.1:${port}`, `127.0.0.1:${portOf(echo)}`)).toMatchObject({ status: 407 })
    expect(connections).toBe(0)
  })

  test('leads to no URL that is not https', async () => {
    await using proxy = await open()
    const status = await new Promise((resolve, reject) =>
      request({ host: '127.0.0.1', port: new URL(proxy.url).port, path: `http://127.0.0.1:${portOf(echo)}/` }, (answer) =>
        resolve(answer.resume().statusCode),
      )
        .on('error', reject)
        .end(),
    )
    expect(status).toBe(403)
    expect(proxy.refused()).toMatch(/not https/)
    expect(connections).toBe(0)
  })

  test('says why it does not reach a host', async () => {
    await using proxy = await open({ reach: openReach(undefined) })
    expect(await tunnel(proxy.url, `127.0.0.1:${portOf(echo)}`)).toMatchObject({ status: 403 })
    expect(proxy.refused()).toMatch(/only port 443, unless PROCTOR_PRIVATE_HOSTS names it/)
    expect(connections).toBe(0)
  })

  test('ends when remotes have sent too much, all together', async () => {
    await using proxy = await open({ maxBytes: 1000 })
    const at = `127.0.0.1:${portOf(echo)}`
    expect((await tunnel(proxy.url, at, 'x'.repeat(600))).heard).toHaveLength(606)
    const much = 'x'.repeat(2 ** 22)
    expect((await tunnel(proxy.url, at, much)).heard.length).toBeLessThan(much.length)
    expect(proxy.refused()).toMatch(/it sent more than/)
  })

  test('is gone with its scope, and so is what went through it', async () => {
    const proxy = await open()
    const { username, password, port } = new URL(proxy.url)
    const socket = connect(Number(port), '127.0.0.1')
    const closed = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve))
    const login = Buffer.from(`${username}:${password}`).toString('base64')
    socket.write(`CONNECT x.invalid:${portOf(echo)} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic ${login}\r\n\r\n`)
    await new Promise((resolve) => socket.once('data', resolve))
    await proxy[Symbol.asyncDispose]()
    await closed
    await expect(tunnel(proxy.url, `x.invalid:${portOf(echo)}`)).rejects.toThrow(/ECONNREFUSED/)
  })
})

describe('behind the proxy of a company', () => {
  /** Leads everybody to the echo, and notes what was asked for. */
  async function company(answer = 'HTTP/1.1 200 OK\r\n\r\n') {
    const asked: { readonly authority: string | undefined; readonly login: string | undefined }[] = []
    const server = createHttp()
    const sockets = new Set<Socket>()
    server.on('connect', ({ url, headers }, client: Socket) => {
      asked.push({ authority: url, login: headers['proxy-authorization'] })
      sockets.add(client.on('error', () => {}))
      client.write(answer)
      if (!answer.includes(' 200 ')) return void client.end()
      const upstream = connect(portOf(echo), '127.0.0.1')
      sockets.add(upstream.on('error', () => {}))
      client.pipe(upstream).pipe(client)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    return {
      asked,
      at: `127.0.0.1:${portOf(server)}`,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy()
        await new Promise((closed) => server.close(closed))
      },
    }
  }
  const unknown = openReach(undefined, async (name) => {
    throw new Unresolved(`${name} is not known here`)
  })

  test('hosts are asked for by name there, with the login that its URL has', async () => {
    await using theirs = await company()
    await using proxy = await open({ variables: { HTTPS_PROXY: `http://me:p%40ss@${theirs.at}` } })
    expect(await tunnel(proxy.url, 'git.example:443', 'ping')).toEqual({ status: 200, heard: 'hello ping' })
    expect(theirs.asked).toEqual([{ authority: 'git.example:443', login: `Basic ${Buffer.from('me:p@ss').toString('base64')}` }])
  })

  test('a name that only the company knows is reached', async () => {
    await using theirs = await company()
    await using proxy = await open({ reach: unknown, variables: { https_proxy: `http://${theirs.at}` } })
    expect(await tunnel(proxy.url, 'git.example:443', 'ping')).toMatchObject({ heard: 'hello ping' })
    await using direct = await open({ reach: unknown })
    expect(await tunnel(direct.url, 'git.example:443')).toMatchObject({ status: 403 })
    expect(direct.refused()).toMatch(/git\.example is not known here/)
  })

  test.each(['127.0.0.1:443', '[::1]:443', '169.254.169.254:443', '0x7f.1:443', 'localhost:443', 'example.com:22'])(
    '%s is refused there too',
    async (authority) => {
      await using theirs = await company()
      await using proxy = await open({ reach: openReach(undefined), variables: { HTTPS_PROXY: `http://${theirs.at}` } })
      expect(await tunnel(proxy.url, authority)).toMatchObject({ status: 403 })
      expect(theirs.asked).toEqual([])
    },
  )

  test.each<[string, boolean]>([
    ['*', true],
    ['git.example', true],
    ['.example', true],
    ['other, EXAMPLE', true],
    ['git.example:443', false],
    ['notgit.example', false],
    ['it.example', false],
    ['', false],
  ])('NO_PROXY=%s leads past it: %s', async (NO_PROXY, past) => {
    await using theirs = await company()
    await using proxy = await open({ variables: { HTTPS_PROXY: `http://${theirs.at}`, NO_PROXY } })
    expect(await tunnel(proxy.url, `git.example:${portOf(echo)}`, 'ping')).toMatchObject({ heard: 'hello ping' })
    expect(theirs.asked.length).toBe(past ? 0 : 1)
  })

  test.each<[string, string, RegExp]>([
    ['refuses', 'HTTP/1.1 403 Forbidden\r\n\r\n', /the proxy 127\.0\.0\.1 answered 403 for git\.example/],
    ['hangs up', '', /the proxy 127\.0\.0\.1 can't be reached/],
    ['never ends its answer', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`, /can't be reached/],
  ])('one that %s is named, without its password', async (_, answer, why) => {
    await using theirs = await company(answer)
    await using proxy = await open({ variables: { HTTPS_PROXY: `http://me:secret@${theirs.at}` } })
    expect(await tunnel(proxy.url, 'git.example:443')).toMatchObject({ status: 403 })
    expect(proxy.refused()).toMatch(why)
    expect(proxy.refused()).not.toContain('secret')
  })
})

test.each([
  ['git.corp', 'git.corp', 443, true],
  ['git.corp', 'git.corp', 8443, false],
  [' other , GIT.corp:8443', 'git.corp', 8443, true],
  ['git.corp:8443', 'git.corp', 443, false],
  ['git.corp.', 'GIT.CORP.', 443, true],
  ['[::1]:9000', '::1', 9000, true],
  ['10.1.2.3', '10.1.2.3', 443, true],
  ['git.corp', 'evil.git.corp', 443, false],
])('PROCTOR_PRIVATE_HOSTS=%s names %s:%i: %s', async (named, host, port, trusted) => {
  const reach = openReach(named, async () => [{ address: '10.0.0.1', family: 4 }])
  const reached = await reach({ host, port }).then(
    () => true,
    () => false,
  )
  expect(reached).toBe(trusted)
})

test.each(['https://git.corp', 'git.corp/x', 'me@git.corp', 'git.corp:port', '*.corp'])('PROCTOR_PRIVATE_HOSTS=%s is no host', (named) => {
  expect(() => openReach(named)).toThrow(/PROCTOR_PRIVATE_HOSTS: found/)
})
