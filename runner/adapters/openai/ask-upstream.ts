import type { Account } from '../upstream/accounts.ts'
import { UpstreamFailed } from '../upstream/send.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** A `fetch` for OpenAI's client whose requests go upstream as the judge's, whatever address the client believes in. */
export type Asking = {
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Answers are replayed, and this one is not among them. */
  readonly missed: UpstreamFailed | undefined
  /** A request went out and no answer came back whole: nobody knows what it cost. */
  readonly isUnpaid: boolean
}

export function askUpstream(upstream: Pick<Upstream, 'send'>, account: Account, run: string): Asking {
  const asking = { fetch: send, missed: undefined as UpstreamFailed | undefined, isUnpaid: false }
  return asking

  async function send(url: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const { pathname, search } = new URL(url instanceof Request ? url.url : url)
    const signal = init.signal ?? new AbortController().signal
    try {
      const { status, headers, body } = await upstream.send(
        {
          as: 'judge',
          run,
          account,
          method: init.method ?? 'GET',
          path: `${pathname}${search}`,
          headers: Object.fromEntries(new Headers(init.headers)),
          body: Buffer.from(String(init.body ?? '')),
          stream: false,
        },
        signal,
      )
      return new Response(status === 204 || status === 304 ? null : ReadableStream.from(watched(body)), { status, headers: { ...headers } })
    } catch (thrown) {
      return failed(thrown)
    }
  }

  /** The client asks again when this throws, which helps against all but a missing record. */
  function failed(thrown: unknown): Response {
    if (thrown instanceof UpstreamFailed && thrown.trouble === 'not recorded') {
      asking.missed = thrown
      return Response.json({ error: { message: thrown.message } }, { status: 410, headers: { 'x-should-retry': 'false' } })
    }
    asking.isUnpaid ||= !(thrown instanceof UpstreamFailed && thrown.trouble === 'not reachable')
    throw thrown
  }

  async function* watched(body: AsyncIterable<Uint8Array>) {
    try {
      yield* body
    } catch (thrown) {
      asking.isUnpaid = true
      throw thrown
    }
  }
}
