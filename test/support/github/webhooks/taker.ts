import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { there } from '../../there.ts'
import type { Json } from '../world.ts'

type Taken = {
  readonly event: string
  readonly action: unknown
  readonly payload: Json
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

/** An app that takes whatever it is told, and answers with a status. */
export async function openTaker() {
  const taken: Taken[] = []
  let status = 200
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()
    const payload: Json = JSON.parse(text)
    taken.push({ event: String(request.headers['x-github-event']), action: payload.action, payload, headers: request.headers, text })
    response.writeHead(status).end('thanks')
  })
  // Idle connections stay: a busy test would else meet one that was just given up.
  server.keepAliveTimeout = 0
  await new Promise<void>((ready, failed) => server.on('error', failed).listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, // listening on TCP
    taken: taken as readonly Taken[],
    /** What was told, in short and in order of the alphabet: pull_request.opened. */
    kinds: () => taken.map(({ event, action }) => (action === undefined ? event : `${event}.${action}`)).sort(),
    payload: (event: string, action?: string): Json => there(taken.find((each) => each.event === event && each.action === action)).payload,
    forget: () => void taken.splice(0),
    answer: (next: number) => {
      status = next
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
