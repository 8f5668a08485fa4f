import type { ServerResponse } from 'node:http'

/** What the gateway itself says no to, and how. */
export class Refusal extends Error {
  readonly status: number
  /** The rest of the request is not worth reading. */
  readonly closes: boolean
  constructor(status: number, message: string, { closes = false } = {}) {
    super(message)
    this.status = status
    this.closes = closes
  }
}

/** 400, because every client stops at it: 401, 403 and 429 are asked again by some, for minutes. */
export const final = 400

/** Answers with a refusal of ours. */
export function refuse(
  response: ServerResponse,
  { status, closes }: Refusal,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers, ...(closes ? { connection: 'close' } : {}) })
  response.end(text)
}
