import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type GatewayOptions, openGateway } from '../../../../runner/adapters/gateway/gateway.ts'
import { openUpstream } from '../../../../runner/adapters/upstream/upstream.ts'
import type { Plan } from '../../../../runner/domain/plan.ts'
import type { Admission } from '../../../../runner/seams/gateway.ts'
import { type Behaviour, openProvider } from './provider.ts'

type Setting = Partial<Omit<GatewayOptions, 'upstream'>> & {
  readonly behaviour?: Behaviour
  readonly run?: { readonly costUsd?: number; readonly tokens?: number; readonly models?: readonly string[] }
  readonly hosts?: readonly string[]
  readonly keys?: Admission['keys']
  readonly open?: boolean
  readonly plan?: Plan
  /** Variables of the host, over those that lead to the provider. */
  readonly upstream?: Readonly<Record<string, string>>
  /** Answers come from an empty folder of recorded ones. */
  readonly replay?: boolean
}
export type Said = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: string }
export type AskOptions = {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | object
  readonly signal?: AbortSignal
}

/** Real upstream, real sockets, a provider that does what the test says. One run is admitted and listened to; more can be. */
export async function openGate({
  behaviour,
  run = {},
  hosts = [],
  keys = new Map(),
  open = false,
  plan,
  variables = {},
  upstream = {},
  replay = false,
  ...options
}: Setting = {}) {
  await using closing = new AsyncDisposableStack()
  const provider = closing.use(await openProvider(behaviour))
  const folder = await mkdtemp(join(tmpdir(), 'proctor-gate-'))
  closing.defer(() => rm(folder, { recursive: true, force: true }))
  const recorded = { replay: { agent: join(folder, 'agents'), judge: join(folder, 'judge') } }
  const asked = openUpstream({ variables: { ...provider.variables, ...upstream }, ...(replay ? recorded : {}) })
  const empty = openUpstream({ variables: {}, ...recorded })
  let isReplaying = false
  const switched: typeof asked = { ...asked, send: (call, signal) => (isReplaying ? empty : asked).send(call, signal) }
  const gateway = openGateway({ upstream: switched, variables, ...options })
  if (plan) gateway.begin(plan, [])
  let last = 0
  const closed = closing.move()

  async function admit(change: Partial<Admission['run']['limits']> = run) {
    const id = `run-${++last}`
    const at = await mkdtemp(join(folder, 'run-'))
    const { costUsd, tokens } = change
    const limits = { wallMs: 60_000, turns: 1, ...(costUsd === undefined ? {} : { costUsd }), ...(tokens === undefined ? {} : { tokens }) }
    const agent = { slug: 'agent', ...(run.models ? { models: run.models } : {}) }
    const grant = closed.use(await gateway.admit({ run: { id, eval: 'eval', limits, agent }, keys, hosts, open }))
    await grant.listen(at)
    const socketPath = join(at, 'gateway.sock')
    return {
      grant,
      socketPath,
      /** The answer's head; its body is to be read. */
      open: (path: string, asked: AskOptions = {}) => send(socketPath, path, grant.token, asked),
      ask: async (path: string, asked: AskOptions = {}): Promise<Said> => {
        const response = await send(socketPath, path, grant.token, asked)
        return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
      },
    }
  }
  const first = await admit()
  /** From now on answers come from an empty folder of recorded ones, or from the provider again. */
  const replaying = (on: boolean) => {
    isReplaying = on
  }
  return { ...first, provider, gateway, admit, folder, replaying, [Symbol.asyncDispose]: () => closed.disposeAsync() }
}

/** With the token as x-api-key, unless the test shows something else. */
export function send(
  socketPath: string,
  path: string,
  token: string,
  { method = 'POST', headers, body, signal }: AskOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      socketPath,
      path,
      method,
      headers: { host: '127.0.0.1:8484', ...(headers ?? { 'x-api-key': token }) },
      agent: false,
      ...(signal ? { signal } : {}),
    })
    request.once('response', resolve).once('error', reject)
    request.end(typeof body === 'object' ? JSON.stringify(body) : body)
  })
}

/** Where each provider is asked, and a request that it takes. */
export const questions = {
  anthropic: {
    path: '/anthropic/v1/messages',
    body: { model: 'claude-haiku-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] },
  },
  responses: { path: '/openai/v1/responses', body: { model: 'gpt-5-mini', input: 'Hi', max_output_tokens: 100 } },
  chat: {
    path: '/openai/v1/chat/completions',
    body: { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hi' }], max_completion_tokens: 100 },
  },
  gemini: {
    path: '/gemini/v1beta/models/gemini-2.5-flash:generateContent',
    body: { contents: [{ parts: [{ text: 'Hi' }] }], generationConfig: { maxOutputTokens: 100 } },
  },
} as const
