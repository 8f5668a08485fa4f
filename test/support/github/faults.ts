import type { Answer } from './artifacts.ts'

/** What the network or GitHub may do to one request. */
export type Fault = {
  /** Instead of the work. */
  readonly instead?: Answer
  /** The work is done, and this is answered in its place. */
  readonly after?: Answer
  /** The connection is cut: before the work, after it, or in the middle of the answer. */
  readonly cut?: 'before' | 'after' | 'within'
  /** ms before anything happens; Infinity = it never does. */
  readonly delay?: number
}
/** A request as faults and records see it. */
export type Seen = {
  readonly method: string
  /** With the names of the description: GET /repos/{owner}/{repo} */
  readonly route: string
  readonly path: string
  readonly query: string
  readonly who: string
  readonly json: Readonly<Record<string, unknown>>
  /** How many requests of this route came before. */
  readonly before: number
}
export type FaultOf = (request: Seen) => Fault | undefined

const message = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers,
  body: { message: text, documentation_url: 'https://docs.github.com/rest', status: String(status) },
})
const page = (status: number, text: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: Buffer.from(`<html><head><title>${text}</title></head><body>${text}</body></html>`),
})

/** The faults GitHub is known for, by name. */
export const faults = {
  unauthorized: { instead: message(401, 'Bad credentials') },
  forbidden: { instead: message(403, 'Resource not accessible by integration') },
  /** Seconds after which it may be tried again. */
  secondary: (seconds = 1): Fault => ({
    instead: message(403, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.', {
      'retry-after': String(seconds),
    }),
  }),
  tooMany: (seconds = 1): Fault => ({
    instead: message(429, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.', {
      'retry-after': String(seconds),
    }),
  }),
  /** The hour's budget is used up; `reset` in seconds from now. */
  primary: (reset = 1): Fault => ({
    instead: message(403, 'API rate limit exceeded for installation ID 1.', {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + reset),
    }),
  }),
  missing: { instead: message(404, 'Not Found') },
  conflict: { instead: message(409, 'Git Repository is empty.') },
  tooLong: { instead: { status: 422, body: { message: 'Validation Failed', errors: [{ code: 'custom', message: 'body is too long' }] } } },
  broken: { instead: page(500, 'Server Error') },
  badGateway: { instead: page(502, 'Bad Gateway') },
  unavailable: { instead: page(503, 'Service Unavailable') },
  /** It worked, and nobody was told. */
  lost: { after: page(502, 'Bad Gateway') },
  lostConnection: { cut: 'after' },
  refused: { cut: 'before' },
  truncated: { cut: 'within' },
  hangs: { delay: Number.POSITIVE_INFINITY },
} as const satisfies Readonly<Record<string, Fault | ((seconds?: number) => Fault)>>

/** A fault for the first so many of the requests that fit, and no more. */
export function first(times: number, fits: (request: Seen) => boolean, fault: Fault): FaultOf {
  let left = times
  return (request) => {
    if (left === 0 || !fits(request)) return undefined
    left -= 1
    return fault
  }
}
