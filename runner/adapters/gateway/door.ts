import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Provider, providerNames } from '../../domain/provider.ts'
import type { Route } from '../upstream/dialect.ts'
import type { Desk } from './desk.ts'
import { exchange } from './exchange.ts'
import { type HostProxy, openProxy, type ProxyOptions } from './proxy/proxy.ts'
import { Refusal, refuse } from './refusal.ts'
import { readTarget, type Target } from './target.ts'
import { showsToken } from './token.ts'

/** The HTTP server of one run. `idle` resolves when nothing of a request is left to settle. */
export type Door = { readonly server: Server; readonly proxy: HostProxy; idle(): Promise<void> }

/** Routes models' requests and connections to hosts; everything else is refused. It listens nowhere yet. */
export function openDoor(desk: Desk, hosts: ProxyOptions): Door {
  const { limits } = desk
  const underWay = new Set<Promise<void>>()
  const proxy = openProxy(hosts)
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkMs,
  })
  server.maxConnections = limits.connections
  server.on('request', (request, response) => {
    const done = answer(desk, request, response, underWay.size).catch(() => void response.destroy())
    underWay.add(done)
    void done.then(() => underWay.delete(done))
  })
  server.on('connect', (request, socket, head) => proxy.connect(request, socket, head))
  return {
    server,
    proxy,
    idle: async () => {
      await Promise.all([...underWay])
    },
  }
}

async function answer(desk: Desk, request: IncomingMessage, response: ServerResponse, others: number): Promise<void> {
  const target = readTarget(request.url ?? '', desk.limits.targetChars)
  if (target.is === 'provider') return answerModel(desk, target, request, response, others)
  const [status, body] = elsewhere(target)
  refuse(response, new Refusal(status, ''), JSON.stringify(body))
}

/** What is asked of the gateway that is no model's. */
function elsewhere(target: Exclude<Target, { is: 'provider' }>): readonly [number, unknown] {
  if (target.is === 'malformed') return [400, { error: { message: target.why } }]
  if (target.is === 'tool') return [404, { detail: { error_class: 'tool_not_found', message: 'This run has no tool of that name.' } }]
  if (target.is === 'nothing')
    return [
      404,
      { error: { message: `There is nothing here. Models answer below ${providerNames.map((name) => `/${name}`).join(', ')}.` } },
    ]
  return [400, { error: { message: 'Plain http does not pass. Use https, which a client sends through this proxy by CONNECT.' } }]
}

async function answerModel(
  desk: Desk,
  { provider, path, query, key }: Extract<Target, { is: 'provider' }>,
  request: IncomingMessage,
  response: ServerResponse,
  others: number,
): Promise<void> {
  const { routes, refuse: inShape } = desk.upstream.dialects[provider]
  const say = (status: number, message: string, headers?: Readonly<Record<string, string>>) =>
    refuse(response, new Refusal(status, message), inShape(status, message), headers)
  const here = routes.filter((route) => route.path.test(path))
  const route = here.find(({ method }) => method === request.method)
  // What costs nothing and says nothing needs no token: Claude Code asks before it shows its key.
  if (route?.answer !== undefined) return void response.writeHead(200, { 'content-type': 'application/json' }).end(route.answer)
  if (!showsToken(request.headers, key, desk.token)) return say(401, "The run's token is missing or wrong.")
  if (/websocket/i.test(request.headers.upgrade ?? '')) return say(426, 'There are no web sockets here; use plain requests.')
  if (here.length === 0) return say(404, `${nameOf(provider)} has no route of this path here.`)
  if (!route) return say(405, `This path is not for ${request.method}.`, { allow: allowed(here) })
  if (others >= desk.limits.requests) return say(429, `A run may have ${desk.limits.requests} requests under way.`)
  await exchange(desk, { provider, route, path, query }, request, response)
}

const nameOf = (provider: Provider) => `The provider ${provider}`
const allowed = (routes: readonly Route[]) => [...new Set(routes.map(({ method }) => method))].join(', ')
