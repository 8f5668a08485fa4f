import type { IncomingMessage } from 'node:http'
import type { GatewayLimits } from './limits.ts'
import { Refusal } from './refusal.ts'

/** Bytes of request bodies that a run has in the gateway now. */
export type Held = { bytes: number }

/** A whole request body, held until it is disposed of. Throws `Refusal`, and the stream's own error when the client goes away. */
export async function readBody(
  request: IncomingMessage,
  held: Held,
  limits: GatewayLimits,
): Promise<Disposable & { readonly bytes: Buffer }> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw new Refusal(415, `A request body in ${clip(encoding)} cannot be metered; send it as it is.`)
  const tooLarge = () => new Refusal(413, `A request body may have ${limits.bodyBytes} bytes.`, { closes: true })
  if (Number(request.headers['content-length'] ?? 0) > limits.bodyBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let mine = 0
  const release = () => {
    held.bytes -= mine
    mine = 0
  }
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      mine += chunk.length
      held.bytes += chunk.length
      if (mine > limits.bodyBytes) throw tooLarge()
      if (held.bytes > limits.heldBytes) throw new Refusal(429, 'Too many large requests at once.', { closes: true })
      chunks.push(chunk)
    }
  } catch (error) {
    release()
    throw error
  }
  return { bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), [Symbol.dispose]: release }
}

const clip = (text: string) => text.slice(0, 40)
