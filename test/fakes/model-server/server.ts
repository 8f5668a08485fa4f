import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { anthropic } from './anthropic.ts'
import { chat } from './chat.ts'
import { type Asked, type Counted, type Language, Missing, type Move } from './conversation.ts'
import { nextMove } from './fixer.ts'
import { gemini } from './gemini.ts'
import { responses } from './responses.ts'

/** A status instead of an answer; no answer at all; or an answer that breaks off in the middle. */
export type Fault = number | 'hang' | 'drop'
export type Received = {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Which questions for an answer, counted from 0; undefined for lists of models, token counts and the like. */
  readonly n?: number
  /** What it was answered with. */
  status?: number
  /** What the answer said that it used. */
  tokens?: Counted
}
type Options = {
  /** What every request must show. Default: a random one. */
  readonly key?: string
  /** For all requests, or what to do with the n-th one, counted from 0. */
  readonly fault?: Fault | ((n: number, asked: Asked) => Fault | undefined)
  /** Before every answer. */
  readonly latencyMs?: number
  readonly host?: string
  /** Instead of the bug fixer. */
  readonly move?: (asked: Asked, n: number) => Move
}

const routes: readonly (readonly [RegExp, Language])[] = [
  [/\/v1\/messages$/, anthropic],
  [/\/chat\/completions$/, chat],
  [/\/responses$/, responses],
  [/\/models\/[^/]+:(streamG|g)enerateContent$/, gemini],
]

/**
 * A model provider, or all of them: Anthropic Messages, OpenAI Chat and Responses, Gemini. Its model fixes bugs and composes every move
 * from the tool results in the request; what it needs and does not find is a 400, so a client that did nothing cannot look busy.
 */
export async function modelServer(options: Options = {}) {
  const { key = `sk-REAL-${randomBytes(16).toString('hex')}`, host = '127.0.0.1' } = options
  const received: Received[] = []
  let asked = 0
  const server = createServer(async (request, response) => {
    response.on('error', () => {}) // whoever asked has gone
    const path = request.url ?? '/'
    const language = routes.find(([route]) => route.test(pathOf(path)))?.[1]
    const isQuestion = language !== undefined && request.method === 'POST'
    const body = await read(request).catch(() => '')
    const entry: Received = { method: request.method ?? '', path, headers: request.headers, body, ...(isQuestion ? { n: asked++ } : {}) }
    received.push(entry)
    response.on('finish', () => {
      entry.status = response.statusCode
    })
    const speaker = language ?? (/\/(models|responses)\b/.test(path) ? chat : anthropic)
    const refuse = (status: number, message: string) => send(response, status, speaker.refuse(status, message))
    if (pathOf(path).endsWith('/api/hello')) return send(response, 200, {})
    if (shown(request) !== key) return refuse(401, 'scripted: this is not the key')
    if (!isQuestion) return incidental(entry, response, refuse)
    await answer({ entry, language, response, refuse, options }).catch((thrown: unknown) => {
      if (response.headersSent) return response.destroy()
      refuse(thrown instanceof Missing ? 400 : 500, `scripted: ${thrown instanceof Error ? thrown.message : thrown}`)
    })
  })
  await new Promise<void>((ready) => server.listen(0, host, ready))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // listening on TCP
  return {
    key,
    address,
    received,
    /** The requests that wanted an answer of the model. */
    questions: () => received.filter(({ n }) => n !== undefined),
    /** What the providers' own clients read to ask here. */
    variables: {
      ANTHROPIC_BASE_URL: address,
      ANTHROPIC_API_KEY: key,
      OPENAI_BASE_URL: `${address}/v1`,
      OPENAI_API_KEY: key,
      GOOGLE_GEMINI_BASE_URL: address,
      GEMINI_API_KEY: key,
    },
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => void server.close(() => closed()).closeAllConnections()),
  }
}
export type ModelServer = Awaited<ReturnType<typeof modelServer>>

type Question = {
  readonly entry: Received
  readonly language: Language
  readonly response: ServerResponse
  readonly refuse: (status: number, message: string) => void
  readonly options: Options
}

async function answer({ entry, language, response, refuse, options: { fault, latencyMs = 0, move = nextMove } }: Question) {
  const n = entry.n ?? 0
  const asked = language.ask(JSON.parse(entry.body), pathOf(entry.path))
  const trouble = typeof fault === 'function' ? fault(n, asked) : fault
  if (latencyMs > 0) await sleep(latencyMs)
  if (trouble === 'hang') return
  if (typeof trouble === 'number') return refuse(trouble, `scripted ${trouble}`)
  const next = move(asked, n)
  const tokens = count(asked, entry, next, language)
  entry.tokens = tokens
  const reply = { ...next, id: randomBytes(12).toString('hex'), tokens }
  const chunks = asked.stream ? language.events(asked, reply) : halves(JSON.stringify(language.whole(asked, reply)))
  response.writeHead(200, {
    'content-type': asked.stream ? 'text/event-stream; charset=utf-8' : 'application/json',
    'request-id': `req_${reply.id}`,
  })
  const sent = trouble === 'drop' ? chunks.slice(0, Math.ceil(chunks.length / 2)) : chunks
  for (const chunk of sent) await new Promise<void>((written) => response.write(chunk, () => written()))
  if (trouble === 'drop') response.destroy()
  else response.end()
}

/** What clients ask beside: a list of models, a count of tokens. */
function incidental({ method, path, body }: Received, response: ServerResponse, refuse: Question['refuse']) {
  if (/\/messages\/count_tokens$|:countTokens$/.test(pathOf(path)))
    return send(response, 200, { input_tokens: Math.ceil(body.length / 4), totalTokens: Math.ceil(body.length / 4) })
  if (method === 'GET' && /\/models(\/[^/]+)?$/.test(pathOf(path)))
    return send(response, 200, { object: 'list', data: [{ id: 'scripted', object: 'model' }] })
  refuse(404, `scripted: nothing at ${method} ${path}`)
}

/** About four characters a token. All but the last exchange was there before, so a cache has it; only Anthropic counts what is written to one. */
function count({ events }: Asked, entry: Received, { text, call }: Move, language: Language): Counted {
  const all = Math.ceil(entry.body.length / 4)
  const fresh = Math.min(all, Math.ceil(JSON.stringify(events.slice(-3)).length / 4))
  const output = Math.ceil((text.length + (call ? JSON.stringify(call.input).length : 0)) / 4)
  if (events.some(({ as }) => as === 'call' || as === 'assistant')) return { input: fresh, cacheRead: all - fresh, cacheWrite: 0, output }
  return language === anthropic
    ? { input: fresh, cacheRead: 0, cacheWrite: all - fresh, output }
    : { input: all, cacheRead: 0, cacheWrite: 0, output }
}

const pathOf = (path: string) => path.split('?')[0] ?? path
const halves = (text: string) => [text.slice(0, text.length / 2), text.slice(text.length / 2)]

const shown = ({ headers, url = '' }: IncomingMessage) =>
  headers['x-api-key'] ??
  headers['x-goog-api-key'] ??
  headers.authorization?.replace(/^Bearer /, '') ??
  new URL(url, 'http://host').searchParams.get('key')

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '1' } : {}) })
  response.end(JSON.stringify(body))
}
