import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodyReader } from '../web/body.ts'
import { refusedPage, show } from './pages.ts'
import type { Answer, Asked, Steps } from './steps.ts'

export type SetupServer = AsyncDisposable & { readonly url: string }
type Options = { readonly host: string; readonly port: number; readonly steps: Steps }
type Step = { readonly method: 'GET' | 'POST'; readonly take: (asked: Asked) => Answer | Promise<Answer> }

const cookie = 'proctor-setup'
const formType = 'application/x-www-form-urlencoded'

/** The steps as pages. What changes something is a form that one of these pages sent: of another site's forms none is taken. */
export async function openSetupServer({ host, port, steps }: Options): Promise<SetupServer> {
  const read = bodyReader({ one: 8 * 2 ** 10, all: 2 ** 20 })
  const table: Readonly<Record<string, Step>> = {
    '/': { method: 'GET', take: () => steps.ask() },
    '/begin': { method: 'POST', take: steps.begin },
    '/back': { method: 'GET', take: steps.back },
    '/finish': { method: 'POST', take: steps.finish },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.canParse(request.url ?? '', 'http://host') ? new URL(request.url ?? '', 'http://host') : undefined
    const step = url && Object.hasOwn(table, url.pathname) ? table[url.pathname] : undefined
    if (!url || !step) return refuse(response, 404, 'There is nothing here.')
    if (request.method !== step.method) return refuse(response, 405, 'Not this way.')
    const origin = originOf(request)
    if (step.method === 'POST' && (origin === undefined || !request.headers['content-type']?.startsWith(formType)))
      return refuse(response, 403, 'This came from another page.')
    const found = step.method === 'POST' ? await read(request) : { body: Buffer.from(url.search.slice(1)) }
    if ('refused' in found) {
      response.once('finish', () => request.destroy())
      return refuse(response.setHeader('connection', 'close'), found.refused, 'Too large.')
    }
    const form = Object.fromEntries(new URLSearchParams(found.body.toString()))
    const { session, ...page } = await step.take({ form, origin: origin ?? '', session: sessionOf(request) })
    // Lax: GitHub sends the browser back, and what another site sent off carries no stricter cookie.
    if (session !== undefined) response.setHeader('set-cookie', `${cookie}=${session}; HttpOnly; SameSite=Lax; Path=/`)
    show(response, page)
  }

  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    answer(request, response).catch(() => (response.headersSent ? response.destroy() : refuse(response, 500, 'Something went wrong.')))
  })
  server.maxConnections = 50
  await new Promise<void>((opened, failed) => server.once('error', failed).listen(port, host, opened))
  const { port: bound } = server.address() as AddressInfo // listening on TCP
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), 2000).unref()
      }),
  }
}

/** The page that a browser sent a form from, when it is one of ours. Browsers always say so. */
function originOf({ headers: { origin, host, 'sec-fetch-site': site } }: IncomingMessage): string | undefined {
  if (origin === undefined || !URL.canParse(origin) || (site !== undefined && site !== 'same-origin')) return undefined
  const url = new URL(origin)
  return /^https?:$/.test(url.protocol) && url.host === host?.toLowerCase() ? url.origin : undefined
}

const sessionOf = ({ headers: { cookie: all = '' } }: IncomingMessage): string =>
  all
    .split(';')
    .map((one) => one.trim().split('='))
    .find(([name]) => name === cookie)?.[1] ?? ''

const refuse = (response: ServerResponse, status: number, why: string) => show(response, { status, body: refusedPage(why) })
