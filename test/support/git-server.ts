import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Options = {
  /** What opens the repositories; they are open without. */
  readonly token?: string
  readonly port?: number
  readonly host?: string
  /** Instead of git: what to answer. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** Real git over https, with a certificate of its own: repositories below a folder, opened by a token. */
export async function gitServer({ token, port = 0, host = '127.0.0.1', answer }: Options = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'proctor-git-server-'))
  const file = (name: string) => join(folder, name)
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  const keys = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('key.pem'), '-out', file('ca.pem')]
  execFileSync('openssl', ['req', '-x509', '-days', '2', '-subj', '/CN=localhost', '-addext', names, ...keys], { stdio: 'ignore' })
  const asked: { readonly path: string; readonly authorization: string | undefined }[] = []
  let connections = 0
  const server = createServer({ key: await readFile(file('key.pem')), cert: await readFile(file('ca.pem')) }, (request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization })
    if (answer?.(request, response)) return
    const shown = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':')
      .slice(1)
      .join(':')
    if (token !== undefined && shown !== token && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('no')
      return
    }
    backend(folder, request, response)
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((ready, failed) => server.on('error', failed).listen(port, host, ready))
  const address = server.address() as AddressInfo // listening on TCP

  /** A repository with one commit for each of the trees. */
  function repository(
    name: string,
    ...trees: readonly Readonly<Record<string, string>>[]
  ): { readonly folder: string; readonly bare: string; git(...args: string[]): string } {
    const work = file(`${name}.work`)
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main', ...args], {
        cwd: work,
        encoding: 'utf8',
      }).trim()
    execFileSync('mkdir', ['-p', work])
    git('init', '--quiet')
    for (const tree of trees) {
      for (const [path, text] of Object.entries(tree))
        execFileSync('tee', [join(work, path)], { input: text, stdio: ['pipe', 'ignore', 'ignore'] })
      git('add', '--all')
      git('commit', '--quiet', '--message', 'a change')
    }
    execFileSync('git', ['clone', '--quiet', '--bare', work, file(name)])
    return { folder: work, bare: file(name), git }
  }
  return {
    repository,
    asked,
    get connections() {
      return connections
    },
    url: `https://localhost:${address.port}`,
    /** What a machine that trusts this server, and may reach it, has in its environment. */
    variables: { GIT_SSL_CAINFO: file('ca.pem'), PROCTOR_PRIVATE_HOSTS: `localhost:${address.port}` },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Answers with the repositories below a folder: `git http-backend` is a CGI program. */
export function backend(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'https://host')
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  request.pipe(child.stdin)
  let head = Buffer.alloc(0)
  let begun = false
  child.stdout.on('data', (chunk: Buffer) => {
    if (begun) return void response.write(chunk)
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    begun = true
    const lines = head
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(/: (.*)/s))
    const status = Number(lines.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200)
    response.writeHead(
      status,
      Object.fromEntries(lines.filter(([name]) => name !== 'Status').map(([name = '', value = '']) => [name, value])),
    )
    response.write(head.subarray(end + 4))
  })
  child.on('close', () => response.end())
}
