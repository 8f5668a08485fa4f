import type { IncomingMessage } from 'node:http'

/** What all bodies that are being read may hold together, and one of them. GitHub's own limit for one is 25 MB. */
export type Room = { readonly all: number; readonly one: number }
export type Read = { readonly body: Buffer } | { readonly refused: 413 | 503 }

/**
 * Reads bodies within limits: Probot itself would hold any number of any size before it looks at the signature. What does not fit is
 * refused as soon as that is known.
 */
export function bodyReader({ all, one }: Room): (request: IncomingMessage) => Promise<Read> {
  let held = 0
  return async (request) => {
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > one) return { refused: 413 }
    if (held + announced > all) return { refused: 503 }
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        size += chunk.length
        held += chunk.length
        if (size > one) return { refused: 413 }
        if (held > all) return { refused: 503 }
        chunks.push(chunk)
      }
      return { body: Buffer.concat(chunks) }
    } finally {
      held -= size
    }
  }
}
