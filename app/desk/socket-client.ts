import { request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Desk } from './desk.ts'
import { type Asked, type Question, questions } from './wire.ts'

type Reaching = { readonly path: string; readonly token: string }

/** A desk at the other end of a unix socket. */
export function socketDesk(reaching: Reaching): Desk {
  const ask =
    <Q extends Question>(name: Q) =>
    (...given: Asked[Q]) => {
      const [first, second, signal] = given as readonly unknown[]
      return name === 'claim' ? post(reaching, name, [first, second], signal as AbortSignal | undefined) : post(reaching, name, given)
    }
  return Object.fromEntries(questions.map((name) => [name, ask(name)])) as unknown as Desk // one method a question
}

async function post({ path, token }: Reaching, name: string, given: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
  const body = JSON.stringify(given)
  const { status, text } = await new Promise<{ readonly status: number; readonly text: string }>((done, failed) => {
    const sent = request(
      {
        socketPath: path,
        path: `/${name}`,
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        ...(signal && { signal }),
      },
      (response) => void buffer(response).then((bytes) => done({ status: response.statusCode ?? 0, text: bytes.toString() }), failed),
    )
    sent.on('error', failed).end(body)
  })
  const said: unknown = JSON.parse(text)
  const { answer, error } = said as { readonly answer?: unknown; readonly error?: string } // what the server above writes
  if (status !== 200) throw new ProctorError('internal_error', `the server did not answer ${name}: ${error ?? status}`)
  return answer ?? undefined
}
