import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { GatewayLimits } from '../limits.ts'
import { Refusal } from '../refusal.ts'
import { showsTokenToProxy } from '../token.ts'
import { type Hosts, lists, type Place, readPlace } from './hosts.ts'
import { connectPublic, type Lookup } from './public-host.ts'
import { readHello } from './read-hello.ts'
import { splice } from './splice.ts'

/** `hosts`: those that the run was granted. `privateHosts`: those that may be where no other may. */
export type ProxyOptions = {
  readonly token: string
  readonly hosts: Hosts
  readonly privateHosts: Hosts
  readonly lookup: Lookup
  readonly limits: GatewayLimits
  readonly isOver: () => boolean
}
/** A connection to a host. Bytes of TLS that passed so far. */
export type Tunnel = { readonly host: string; readonly at: string; readonly bytesOut: number; readonly bytesIn: number }
export type HostProxy = {
  /** Answers a CONNECT. Never throws. */
  connect(request: IncomingMessage, client: Duplex, head: Buffer): void
  tunnels(): readonly Tunnel[]
  /** Cuts every connection. */
  close(): void
}

/** TLS to the hosts of a run, and nothing else. What is not TLS for exactly the host that was named is cut off before a byte of it gets there. */
export function openProxy(options: ProxyOptions): HostProxy {
  const { limits } = options
  const clients = new Set<Duplex>()
  const tunnels: { host: string; at: string; bytesOut: number; bytesIn: number }[] = []

  async function tunnel(place: Place, client: Duplex, head: Buffer): Promise<void> {
    const gone = new AbortController()
    client.once('close', () => gone.abort())
    const host = await connectPublic(place, { ...options, ...limits }, gone.signal)
    host.on('error', () => {})
    try {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      const hello = await readHello(client, head, limits)
      // A client that names an address asks for no name.
      if (hello?.name !== (isIP(place.name) ? undefined : place.name) || !hello) return
      const counted = { host: `${place.name}:${place.port}`, at: new Date().toISOString(), bytesOut: hello.bytes.length, bytesIn: 0 }
      if (tunnels.length < limits.keptCalls) tunnels.push(counted)
      host.write(hello.bytes)
      await splice(client, host, limits, (way, bytes) => {
        counted[way === 'out' ? 'bytesOut' : 'bytesIn'] += bytes
      })
    } finally {
      client.destroy()
      host.destroy()
    }
  }

  return {
    connect(request, client, head) {
      // Node hands the socket over as it is: without a listener an error of it would end the process.
      client.on('error', () => {})
      const refuse = (thrown: unknown) => sayNo(client, thrown instanceof Refusal ? thrown : new Refusal(502, 'The connection failed.'))
      const place = admit(request, options, clients.size)
      if (place instanceof Refusal) return refuse(place)
      clients.add(client)
      client.once('close', () => clients.delete(client))
      tunnel(place, client, head).catch(refuse)
    },
    tunnels: () => tunnels,
    close() {
      for (const client of clients) client.destroy()
    },
  }
}

function admit(request: IncomingMessage, { token, hosts, limits, isOver }: ProxyOptions, underWay: number): Place | Refusal {
  if (!showsTokenToProxy(request.headers, token)) return new Refusal(407, "The run's token is missing or wrong.")
  if (isOver()) return new Refusal(403, 'The run is over.')
  const place = readPlace(request.url ?? '')
  if (!place) return new Refusal(400, 'CONNECT takes host:port.')
  if (!lists(hosts, place))
    return new Refusal(
      403,
      `${place.name}:${place.port} is not among the hosts that this run may reach; its agent's file lists them under \`network\`.`,
    )
  if (underWay >= limits.tunnels) return new Refusal(429, `A run may have ${limits.tunnels} connections through the proxy.`)
  return place
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  407: 'Proxy Authentication Required',
  429: 'Too Many Requests',
  502: 'Bad Gateway',
}

function sayNo(client: Duplex, { status, message }: Refusal): void {
  if (!client.writable) return void client.destroy()
  const body = `${message}\n`
  const challenge = status === 407 ? 'Proxy-Authenticate: Basic realm="proctor"\r\n' : ''
  const head = `HTTP/1.1 ${status} ${reasons[status] ?? 'Error'}\r\n${challenge}Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`
  client.end(`${head}${body}`, () => client.destroy())
}
