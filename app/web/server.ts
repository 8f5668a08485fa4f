import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodyReader, type Room } from './body.ts'

export type Web = AsyncDisposable & {
  readonly url: string
  /** Answers what is under way, takes nothing new, and says so to whoever asks whether it is ready. */
  drain(): Promise<void>
}
/** An answer for everything below a path. `body` was read within its limit. */
export type Route = (request: IncomingMessage & { body?: string }, response: ServerResponse, body: Buffer) => Promise<void>
type Options = {
  readonly host: string
  readonly port: number
  readonly routes: Readonly<Record<string, Route>>
  /** Throws while the store cannot be used. */
  readonly ready: () => Promise<void>
  readonly log: (fields: object, message: string) => void
  readonly room?: Room
}
const githubsLimits: Room = { one: 25 * 2 ** 20, all: 200 * 2 ** 20 }

/** The App's own front door: a few paths, each body within limits, and never a word of what went wrong inside. */
export async function openServer({ host, port, routes, ready, log, room = githubsLimits }: Options): Promise<Web> {
  const read = bodyReader(room)
  let draining = false
  const under = new Set<Promise<void>>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request)
    if (path === '/healthz') return plain(response, 200, 'ok')
    if (path === '/readyz') {
      if (draining) return plain(response, 503, 'draining')
      return ready().then(
        () => plain(response, 200, 'ready'),
        (error: Error) => {
          log({ error: error.message }, 'not ready')
          plain(response, 503, 'not ready')
        },
      )
    }
    const route = path !== undefined && Object.hasOwn(routes, path) ? routes[path] : undefined
    if (!route) return plain(response, 404, 'not found')
    if (draining) return plain(response.setHeader('retry-after', '5'), 503, 'draining')
    const found = await read(request)
    if ('body' in found) return route(Object.assign(request, { body: found.body.toString() }), response, found.body)
    // What is still coming is not read: the connection ends with the answer.
    response.once('finish', () => request.destroy())
    plain(response.setHeader('connection', 'close'), found.refused, found.refused === 413 ? 'too large' : 'busy')
  }

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 10_000 }, (request, response) => {
    const work = answer(request, response)
      .catch((error: Error) => {
        log({ error: error.message, path: pathOf(request) }, 'a request failed')
        if (!response.headersSent) plain(response, 500, 'internal error')
        else response.destroy()
      })
      .finally(() => under.delete(work))
    under.add(work)
  })
  server.maxConnections = 2000
  await new Promise<void>((opened, failed) => server.once('error', failed).listen(port, host, opened))
  const { port: bound } = server.address() as AddressInfo // listening on TCP
  const drain = async () => {
    draining = true
    const closed = new Promise<void>((done) => server.close(() => done()))
    await Promise.allSettled(under)
    server.closeIdleConnections()
    await closed
  }
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, drain, [Symbol.asyncDispose]: drain }
}

function pathOf({ url = '/' }: IncomingMessage): string | undefined {
  return URL.canParse(url, 'http://host') ? new URL(url, 'http://host').pathname : undefined
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }).end(`${text}\n`)
}
