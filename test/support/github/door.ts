import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Answer } from './artifacts.ts'
import type { Fault, FaultOf, Seen } from './faults.ts'
import type { Sent } from './openapi/guard.ts'

type Recorded = Seen & { readonly status: number | 'cut' | 'hanging'; readonly at: number }
export type Arrived = Sent & {
  readonly authorization: string | undefined
  readonly accept: string
  /** It came to where release assets are uploaded. */
  readonly isUpload: boolean
}
/** What the hub makes of a request before any work: what records and faults see, and the work. */
export type Prepared = { readonly seen: Omit<Seen, 'before'>; readonly work: () => Promise<Answer> }
type Offer = { readonly bytes: Buffer; readonly isSigned: boolean }
type Options = { readonly prefix: string; readonly prepare: (arrived: Arrived) => Prepared }

/** The HTTP server of the hub: records, faults, and the headers that all of GitHub's answers have. */
export async function openDoor({ prefix, prepare }: Options) {
  const requests: Recorded[] = []
  const plans = new Set<FaultOf>()
  const offers = new Map<string, Offer>()
  const hanging = new AbortController()
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!hanging.signal.aborted) response.writeHead(500).end(JSON.stringify({ message: String(error) }))
    })
  })
  // Idle connections stay: a busy test would else meet one that was just given up.
  server.keepAliveTimeout = 0
  await new Promise<void>((ready, failed) => server.on('error', failed).listen(0, '127.0.0.1', ready))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // listening on TCP

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const offer = offers.get(new URL(request.url ?? '/', 'http://hub').pathname)
    if (offer) return give(response, offer, request.headers.authorization)
    const arrived = await arrive(request, prefix)
    if (!arrived) return send(response, { status: 404, body: { message: `${request.url} is not below the API's root` } })
    const { seen: basics, work } = prepare(arrived)
    const seen: Seen = { ...basics, before: requests.filter(({ route }) => route === basics.route).length }
    const fault = [...plans].map((plan) => plan(seen)).find((made) => made !== undefined) ?? {}
    const record = { ...seen, status: 'hanging' as Recorded['status'], at: Date.now() }
    requests.push(record)
    if (fault.delay !== undefined) await pause(fault.delay)
    if (fault.cut === 'before') {
      record.status = 'cut'
      return void request.socket.destroy()
    }
    const answer = await answered(fault, work)
    record.status = fault.cut ? 'cut' : answer.status
    if (fault.cut === 'after') return void request.socket.destroy()
    send(response, answer, fault.cut === 'within')
  }

  const pause = (ms: number) =>
    Number.isFinite(ms)
      ? wait(ms, undefined, { signal: hanging.signal })
      : new Promise((_, stopped) => hanging.signal.addEventListener('abort', () => stopped(new Error('closed'))))

  return {
    origin,
    /** Below another root than the API's; gives the address. */
    offer(path: string, offered: Offer): string {
      const place = `/downloads/${path}`
      offers.set(place, offered)
      return `${origin}${place}`
    },
    requests: requests as readonly Recorded[],
    /** Until the returned function is called. */
    fault(plan: FaultOf): () => void {
      plans.add(plan)
      return () => void plans.delete(plan)
    },
    async close(): Promise<void> {
      hanging.abort()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** Whoever follows a redirect to signed bytes with a token still on is refused. */
function give(response: ServerResponse, { bytes, isSigned }: Offer, authorization: string | undefined): void {
  const isTwice = isSigned && authorization !== undefined
  send(response, isTwice ? { status: 400, body: { message: 'only one way to sign in is allowed' } } : { status: 200, body: bytes })
}

async function answered({ instead, after }: Fault, work: () => Promise<Answer>): Promise<Answer> {
  if (instead) return instead
  const answer = await work()
  return after ?? answer
}

async function arrive(request: IncomingMessage, prefix: string): Promise<Arrived | undefined> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://hub')
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
  const uploads = prefix === '' ? '/uploads' : '/api/uploads'
  const isUpload = pathname.startsWith(`${uploads}/`)
  if (!isUpload && !pathname.startsWith(`${prefix}/`)) return undefined
  return {
    method: request.method ?? 'GET',
    path: pathname.slice(isUpload ? uploads.length : prefix.length),
    query: searchParams,
    type: request.headers['content-type'],
    body,
    authorization: request.headers.authorization,
    accept: request.headers.accept ?? '',
    isUpload,
  }
}

function send(response: ServerResponse, { status, headers = {}, body }: Answer, isCut = false): void {
  const isBytes = Buffer.isBuffer(body)
  const bytes = isBytes ? body : body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body))
  response.writeHead(status, {
    ...(bytes.length > 0 && { 'content-type': isBytes ? 'application/octet-stream' : 'application/json; charset=utf-8' }),
    'content-length': bytes.length,
    'x-github-request-id': randomUUID(),
    'x-github-media-type': 'github.v3; format=json',
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': '4999',
    'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3600),
    'x-ratelimit-resource': 'core',
    ...headers,
  })
  if (!isCut) return void response.end(bytes)
  // The reader has been told of more than comes.
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy())
}
