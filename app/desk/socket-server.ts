import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { toError } from '../../runner/domain/error.ts'
import type { Desk } from './desk.ts'
import { isQuestion, mostBytes } from './wire.ts'

type Serving = { readonly desk: Desk; readonly path: string; readonly token: string }

/** A desk behind a unix socket, for the one process that was given the token: the worker beside an embedded database. */
export async function serveDesk({ desk, path, token }: Serving): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    void answer(request, { desk, token }).then(
      ({ status, body }) => end(response, status, body),
      (error: unknown) => end(response, 500, { error: toError(error).message }),
    )
  })
  await new Promise<void>((ready, failed) => server.once('error', failed).listen(path, ready))
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function answer(
  request: IncomingMessage,
  { desk, token }: Pick<Serving, 'desk' | 'token'>,
): Promise<{ readonly status: number; readonly body: unknown }> {
  if (!isSame(request.headers.authorization ?? '', `Bearer ${token}`)) return { status: 401, body: { error: 'another token' } }
  const name = request.url?.slice(1) ?? ''
  if (request.method !== 'POST' || !isQuestion(name)) return { status: 404, body: { error: 'no such question' } }
  if (Number(request.headers['content-length'] ?? 0) > mostBytes.question) return { status: 413, body: { error: 'too large' } }
  const given: unknown = JSON.parse((await buffer(request)).toString())
  if (!Array.isArray(given)) return { status: 400, body: { error: 'no list' } }
  const gone = new AbortController()
  const leave = () => gone.abort()
  request.socket.once('close', leave)
  const [worker, waitMs] = given
  try {
    const said = name === 'claim' ? await desk.claim(String(worker), Number(waitMs), gone.signal) : await ask(desk[name], given)
    return { status: 200, body: { answer: said ?? null } }
  } finally {
    request.socket.off('close', leave)
  }
}

/** The other end is a worker of our own: what it sends has the shape of its question. */
const ask = (question: unknown, given: readonly unknown[]): Promise<unknown> =>
  (question as (...given: readonly unknown[]) => Promise<unknown>)(...given)

function end(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
