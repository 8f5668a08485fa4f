import type { ServerResponse } from 'node:http'
import type { Tokens } from '../../domain/model-call.ts'
import type { Meter } from '../upstream/dialect.ts'
import type { Answer } from '../upstream/send.ts'
import type { CallUnderWay } from './tally.ts'

type Through = {
  readonly isStream: boolean
  readonly meter: Meter | undefined
  readonly call: CallUnderWay
  readonly signal: AbortSignal
}

/**
 * Hands an answer on while it comes, no faster than the agent reads, each piece at once. Returns the provider's own count, when it came.
 * Throws what the body throws, and when the agent went away.
 */
export async function handOn(
  answer: Answer,
  { isStream, meter, call, signal }: Through,
  response: ServerResponse,
): Promise<Tokens | undefined> {
  const begin = () => void (response.headersSent || response.writeHead(answer.status, answer.headers))
  // A model may think for long before its first word; that the stream stands shows at once. Elsewhere a failure can still be said properly.
  if (isStream) begin()
  if (isStream) response.flushHeaders()
  for await (const bytes of answer.body) {
    signal.throwIfAborted()
    const out = meter ? meter.push(bytes) : bytes
    if (!out || out.length === 0) continue
    call.firstByte()
    begin()
    if (!response.write(out)) await drained(response, signal)
  }
  signal.throwIfAborted()
  const { rest, tokens } = meter?.end() ?? {}
  begin()
  if (rest && rest.length > 0) response.write(rest)
  response.end()
  return tokens
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      response.off('drain', done)
      signal.removeEventListener('abort', stop)
      resolve()
    }
    const stop = () => {
      response.off('drain', done)
      reject(signal.reason)
    }
    response.once('drain', done)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
}
