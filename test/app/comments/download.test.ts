import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { download } from '../../../app/comments/download.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const asked: { readonly host: string; readonly path: string; readonly headers: IncomingMessage['headers'] }[] = []
const closing = new AsyncDisposableStack()
let server: string
let other: string

const leads =
  (to: string, status = 302): Answer =>
  (_, response) =>
    response.writeHead(status, { location: to }).end()
const answers: Record<string, Answer> = {
  '/file': (_, response) => response.end('{"a": 1}'),
  '/gone': (_, response) => response.writeHead(404).end('secret words'),
  '/broken': (_, response) => response.writeHead(500).end(),
  '/cut': (_, response) => response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy()),
  '/large': (_, response) => response.end(Buffer.alloc(5 * 2 ** 20 + 1)),
  '/just': (_, response) => response.end(Buffer.alloc(5 * 2 ** 20)),
  '/packed': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50 * 2 ** 20))),
  '/endless': (_, response) => {
    const more = () => response.write(Buffer.alloc(65_536), () => response.destroyed || more())
    more()
  },
  '/once': leads('/file'),
  '/loop': leads('/loop'),
  '/nowhere': leads('http://[', 301),
  '/many/6': leads('/file'),
  ...Object.fromEntries([1, 2, 3, 4, 5].map((at) => [`/many/${at}`, leads(`/many/${at + 1}`)])),
}

async function listen(): Promise<string> {
  const http = createServer((request, response) => {
    asked.push({ host: request.headers.host ?? '', path: request.url ?? '', headers: request.headers })
    const answer = answers[request.url ?? '']
    if (answer) answer(request, response)
    else response.writeHead(200).end('the metadata of this machine')
  })
  await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready))
  closing.defer(() => {
    http.closeAllConnections()
    http.close()
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}` // listening on TCP
}
beforeAll(async () => {
  ;[server, other] = [await listen(), await listen()]
  const { port } = new URL(other)
  const away = [
    `${other}/x`,
    `http://localhost:${port}/x`,
    `http://127.0.0.1.nip.io:${port}/x`,
    `//127.0.0.1:${port}/x`,
    `http://a:b@${new URL(server).host}/file`,
  ]
  for (const [at, to] of away.entries()) answers[`/away/${at}`] = leads(to)
  answers['/file-scheme'] = leads('file:///etc/passwd')
  answers['/metadata'] = leads('http://169.254.169.254/latest/meta-data/')
  answers['/another-scheme'] = leads(`${server.replace('http:', 'https:')}/file`)
})
afterAll(() => closing.disposeAsync())

const from = (url: string) => download(url, { serverUrl: server, version: '1.2.3', signal: new AbortController().signal })

test('what was attached is fetched, without any token, through redirects within GitHub', async () => {
  asked.length = 0
  expect(await from(`${server}/once`)).toEqual({ bytes: Buffer.from('{"a": 1}') })
  expect(asked.map(({ path }) => path)).toEqual(['/once', '/file'])
  for (const { headers } of asked) {
    expect(headers).not.toHaveProperty('authorization')
    expect(headers).not.toHaveProperty('cookie')
    expect(headers['user-agent']).toBe('proctor/1.2.3')
  }
})

test.each(['/away/0', '/away/1', '/away/2', '/away/3', '/away/4', '/file-scheme', '/metadata', '/another-scheme'])(
  '%s leads away, and nobody there is asked',
  async (path) => {
    asked.length = 0
    expect(await from(`${server}${path}`)).toEqual({ refused: 'it leads away from GitHub.' })
    expect(asked.map((one) => `http://${one.host}${one.path}`)).toEqual([`${server}${path}`])
  },
)

test('an address that is not GitHub’s is not asked at all', async () => {
  asked.length = 0
  for (const url of [`${other}/file`, 'file:///etc/passwd', 'http://169.254.169.254/', `http://x:y@${new URL(server).host}/file`])
    expect(await from(url)).toEqual({ refused: 'it leads away from GitHub.' })
  expect(asked).toEqual([])
})

test.each<[string, RegExp]>([
  ['/gone', /^GitHub answered 404; files in private repositories are shown to people alone/],
  ['/broken', /^GitHub answered 500\.$/],
  ['/cut', /^GitHub could not be asked for it \(\w+\)\.$/],
  ['/large', /^it has more than 5 MB\.$/],
  ['/packed', /^it has more than 5 MB\.$/],
  ['/endless', /^it has more than 5 MB\.$/],
  ['/loop', /^GitHub led on more than 5 times\.$/],
  ['/many/1', /^GitHub led on more than 5 times\.$/],
  ['/nowhere', /^it leads nowhere\.$/],
])('%s is not kept, and nothing of the answer is said', async (path, why) => {
  expect(await from(`${server}${path}`)).toEqual({ refused: expect.stringMatching(why) })
})

test('five redirects and five megabytes are not too much', async () => {
  expect(await from(`${server}/many/2`)).toEqual({ bytes: Buffer.from('{"a": 1}') })
  const just = await from(`${server}/just`)
  expect('bytes' in just && just.bytes.length).toBe(5 * 2 ** 20)
})

/** Nothing of it is reached from here: that it was asked for at all shows in what is said. */
test.each([
  ['https://objects.githubusercontent.com/x', 'https://github.com', true],
  ['https://private-user-images.githubusercontent.com/x', 'https://github.com', true],
  ['https://github-production-repository-file-5c1aeb.s3.amazonaws.com/x', 'https://github.com', true],
  ['https://raw.githubusercontent.com/x', 'https://github.com', false],
  ['https://github-production-repository-file-evil.s3.amazonaws.com/x', 'https://github.com', false],
  ['https://objects.githubusercontent.com.evil.test/x', 'https://github.com', false],
  ['https://api.github.com/x', 'https://github.com', false],
  ['https://media.git.acme.test/x', 'https://git.acme.test', true],
  ['https://git.acme.test.evil.test/x', 'https://git.acme.test', false],
  ['https://evilgit.acme.test/x', 'https://git.acme.test', false],
  ['https://media.git.acme.test:8443/x', 'https://git.acme.test', false],
  ['https://objects.githubusercontent.com/x', 'https://git.acme.test', false],
])('%s for %s: %s', async (url, serverUrl, isOurs) => {
  const stopped = AbortSignal.abort(new Error('stopped'))
  const asking = download(url, { serverUrl, version: '1.2.3', signal: stopped })
  if (isOurs) await expect(asking).rejects.toThrow('stopped')
  else expect(await asking).toEqual({ refused: 'it leads away from GitHub.' })
})
