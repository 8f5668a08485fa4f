import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Refused } from '../fetch/guard.ts'
import { companyProxy, tunnel } from './company-proxy.ts'
import { bare, type Reach, type Target, Unresolved } from './reach.ts'

type Options = {
  readonly reach: Reach
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Bytes that remotes may send, all together. */
  readonly maxBytes: number
  readonly signal: AbortSignal
}
/** `url` has a password of its own, so that nobody else on this machine goes out through it. */
export type GuardedProxy = AsyncDisposable & {
  readonly url: string
  /** Why a host was not reached, the first of them. */
  refused(): string | undefined
}

/** ms for a connection to one address. */
const patience = 20_000

/**
 * The only way that git has out: tunnels to hosts whose address was checked, and it is that address which is connected to. Redirects,
 * submodules and names that resolve to something else the second time all end here again, whatever version of git or curl asks.
 */
export async function openGuardedProxy({ reach, variables, maxBytes, signal }: Options): Promise<GuardedProxy> {
  const password = randomBytes(24).toString('hex')
  const sockets = new Set<Duplex>()
  let left = maxBytes
  let refused: string | undefined

  const server = createServer((_, answer) => {
    refused ??= 'it leads to a URL that is not https'
    answer.writeHead(403, { connection: 'close' }).end()
  })
  server.on('connect', async (request: IncomingMessage, client: Duplex, head: Buffer) => {
    keep(client)
    if (!isOurs(request, password)) return turnAway(client, '407 Proxy Authentication Required', ['Proxy-Authenticate: Basic'])
    try {
      const upstream = keep(await open(targetOf(request.url ?? ''), { reach, variables, signal }))
      upstream.on('data', (bytes: Buffer) => {
        left -= bytes.length
        if (left >= 0) return
        refused ??= `it sent more than ${Math.round(maxBytes / 2 ** 20)} MB`
        upstream.destroy()
      })
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      pipeline(client, upstream, client).catch(() => {}) // whoever hung up, git tells
    } catch (error) {
      refused ??= error instanceof Error ? error.message : String(error)
      turnAway(client, '403 Forbidden')
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server that listens
  return {
    url: `http://proctor:${password}@127.0.0.1:${port}`,
    refused: () => refused,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  /** Either end takes the other with it. */
  function keep<T extends Duplex>(socket: T): T {
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
    return socket
  }
}

function isOurs({ headers }: IncomingMessage, password: string): boolean {
  const expected = Buffer.from(`Basic ${Buffer.from(`proctor:${password}`).toString('base64')}`)
  const given = Buffer.from(headers['proxy-authorization'] ?? '')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function turnAway(client: Duplex, status: string, headers: readonly string[] = []): void {
  client.end(`HTTP/1.1 ${[status, ...headers, 'Content-Length: 0', 'Connection: close'].join('\r\n')}\r\n\r\n`)
}

function targetOf(authority: string): Target {
  const url = URL.canParse(`https://${authority}`) ? new URL(`https://${authority}`) : undefined
  if (url?.pathname !== '/' || url.username !== '') throw new Refused('it names no host')
  return { host: bare(url.hostname), port: Number(url.port || 443) }
}

async function open(target: Target, { reach, variables, signal }: Pick<Options, 'reach' | 'variables' | 'signal'>): Promise<Socket> {
  const proxy = companyProxy(target, variables)
  const reached = await reach(target).catch((error: unknown) => {
    if (proxy && error instanceof Unresolved) return undefined
    throw error
  })
  if (proxy) return tunnel(proxy, target, signal)
  for (const { address } of reached?.addresses ?? []) {
    const socket = await connected(address, target.port, signal)
    if (socket) return socket
  }
  throw new Refused(`${target.host}:${target.port} can't be reached`)
}

function connected(host: string, port: number, signal: AbortSignal): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true, signal, timeout: patience })
    const fail = () => {
      socket.destroy()
      resolve(undefined)
    }
    socket.once('error', fail).once('timeout', fail)
    socket.once('connect', () => {
      socket.off('error', fail).off('timeout', fail).setTimeout(0)
      resolve(socket)
    })
  })
}
