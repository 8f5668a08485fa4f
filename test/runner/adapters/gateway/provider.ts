import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a provider got. */
type Got = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
/** Answers one request; what it leaves open stays open. */
export type Behaviour = (got: Got, response: ServerResponse) => void | Promise<void>

/** The key that the host has for all of them. */
export const realKey = 'sk-ant-REAL-0123456789abcdef'

/** A server that stands for all three providers, and does what a test says. */
export async function openProvider(behaviour: Behaviour = answers()) {
  const got: Got[] = []
  const gone: Got[] = []
  let behave = behaviour
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() }
    got.push(one)
    response.on('close', () => response.writableFinished || gone.push(one))
    await behave(one, response)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo // listening on TCP
  const at = `http://127.0.0.1:${port}`
  return {
    got,
    /** Requests whose caller went away before their answer was whole. */
    gone,
    become: (next: Behaviour) => {
      behave = next
    },
    variables: {
      ANTHROPIC_API_KEY: realKey,
      OPENAI_API_KEY: realKey,
      GEMINI_API_KEY: realKey,
      ANTHROPIC_BASE_URL: at,
      OPENAI_BASE_URL: `${at}/v1`,
      GOOGLE_GEMINI_BASE_URL: at,
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

export const fails =
  (status: number, body: unknown = { error: { message: `scripted ${status}` } }, headers: Record<string, string> = {}): Behaviour =>
  (_, response) =>
    json(response, status, body, headers)

type Used = { readonly input?: number; readonly output?: number }

/** A whole answer in the form that was asked for, streamed when that was asked for. */
export const answers =
  ({ input = 100, output = 10 }: Used = {}): Behaviour =>
  ({ url, body }, response) => {
    const asked = body === '' ? {} : JSON.parse(body)
    if (/count_tokens|countTokens/.test(url)) return json(response, 200, { input_tokens: input, totalTokens: input })
    if (/\/models(\/|$|\?)/.test(url) && !url.includes(':')) return json(response, 200, { data: [] })
    const [whole, events] = inShape(url, input, output)
    if (!asked.stream && !url.includes('streamGenerateContent')) return json(response, 200, whole)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of events) response.write(sse(event))
    response.end()
  }

export const sse = (event: unknown) =>
  `${(event as { type?: string }).type ? `event: ${(event as { type: string }).type}\n` : ''}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`

/** A whole answer, and the events of the same answer as a stream. */
export function inShape(url: string, input: number, output: number): readonly [unknown, readonly unknown[]] {
  if (url.includes('/messages')) {
    const usage = { input_tokens: input, output_tokens: output, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 }
    return [
      { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Hello' }], usage },
      [
        { type: 'message_start', message: { id: 'msg_1', content: [], usage: { ...usage, output_tokens: 1 } } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: output } },
        { type: 'message_stop' },
      ],
    ]
  }
  if (url.includes('/responses')) {
    const said = [{ type: 'message', content: [{ type: 'output_text', text: 'Hello' }] }]
    const response = { id: 'resp_1', status: 'completed', output: said, usage: { input_tokens: input, output_tokens: output } }
    return [
      response,
      [
        { type: 'response.created', response: { id: 'resp_1' } },
        { type: 'response.output_text.delta', delta: 'Hello' },
        { type: 'response.completed', response },
      ],
    ]
  }
  if (url.includes('/chat/completions')) {
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
    return [
      { id: 'c1', choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }], usage },
      [
        { id: 'c1', choices: [{ index: 0, delta: { content: 'Hello' } }] },
        { id: 'c1', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
        { id: 'c1', choices: [], usage },
        '[DONE]',
      ],
    ]
  }
  const usageMetadata = { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output }
  const chunk = { candidates: [{ content: { parts: [{ text: 'Hello' }] }, finishReason: 'STOP' }], usageMetadata }
  return [chunk, [{ candidates: [{ content: { parts: [{ text: 'Hel' }] } }] }, chunk]]
}
