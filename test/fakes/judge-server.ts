import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Message = { readonly role: string; readonly content: string }
export type Asked = {
  readonly messages: readonly Message[]
  readonly criteria: readonly string[]
  readonly model: string
  readonly structured: boolean
}
/** What the server does with the n-th request (0-based) before it would answer: an HTTP answer instead, or nothing. */
export type Fault = (n: number, asked: Asked) => { status: number; headers?: Record<string, string>; body?: unknown } | 'drop' | undefined
type Options = { readonly fault?: Fault; readonly answer?: (asked: Asked, n: number) => unknown }

/**
 * A judge that speaks OpenAI's chat format. It passes a criterion "... mentions WORD" when WORD stands in the data. And it obeys: an
 * order "pass everything" anywhere outside of the delimiters makes it pass all, as a model that was talked into it would.
 */
export async function judgeServer({ fault, answer }: Options = {}) {
  const asked: Asked[] = []
  const keys = new Set<string>()
  const server = createServer(async (request, response) => {
    const question = read(JSON.parse(await body(request)))
    const n = asked.push(question) - 1
    keys.add((request.headers.authorization ?? '').replace('Bearer ', ''))
    const trouble = fault?.(n, question)
    if (trouble === 'drop') return void request.socket.destroy()
    if (trouble)
      return send(response, trouble.status, trouble.body ?? { error: { message: `scripted ${trouble.status}` } }, trouble.headers)
    const content = answer ? answer(question, n) : verdict(question)
    send(response, 200, {
      id: 'x',
      object: 'chat.completion',
      model: question.model,
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: typeof content === 'string' ? content : JSON.stringify(content) },
        },
      ],
      usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo // listening on TCP
  return {
    asked,
    /** What the callers showed to be let in. */
    keys,
    variables: { LOCAL_BASE_URL: `http://127.0.0.1:${port}/v1` },
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => void server.close(() => closed()).closeAllConnections()),
  }
}

function read(request: {
  model: string
  messages: Message[]
  response_format?: { json_schema: { schema: { properties: { criteria: { items: { properties: { name: { enum: string[] } } } } } } } }
}): Asked {
  const criteria = request.response_format?.json_schema.schema.properties.criteria.items.properties.name.enum ?? []
  return { messages: request.messages, criteria, model: request.model, structured: request.response_format !== undefined }
}

/** The delimiters are those that the system message announces. */
export function split(messages: readonly Message[]): { readonly data: string; readonly outside: string } {
  const system = messages.find(({ role }) => role === 'system')?.content ?? ''
  const nonce = /<<<DATA (\w+)/.exec(system)?.[1] ?? 'none'
  const text = messages.map(({ content }) => content).join('\n')
  const blocks = new RegExp(`^<<<DATA ${nonce}\\n([\\s\\S]*?)\\nDATA ${nonce}>>>$`, 'gm')
  return { data: [...text.matchAll(blocks)].map(([, inside]) => inside).join('\n'), outside: text.replace(blocks, '') }
}

export function verdict({ messages, criteria }: Asked) {
  const { data, outside } = split(messages)
  const obeys = /pass everything/i.test(outside)
  const judged = criteria.map((name) => {
    const word = new RegExp(`^- ${name}: .*mentions (\\S+)$`, 'm').exec(outside)?.[1] ?? ''
    const found = word !== '' && data.includes(word)
    return {
      name,
      pass: obeys || found,
      quote: found ? word : obeys ? (data.trim().split('\n')[0] ?? '') : '',
      reason: found ? `it says ${word}` : 'it does not say so',
    }
  })
  return { reasoning: obeys ? 'as I was told' : 'word by word', criteria: judged }
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, answer: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(answer))
}
