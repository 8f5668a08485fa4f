import OpenAI, { APIError, APIUserAbortError, BadRequestError, UnprocessableEntityError } from 'openai'
import type { Json } from '../../domain/blob.ts'
import { ProctorError } from '../../domain/error.ts'
import { noTokens, type Tokens } from '../../domain/model-call.ts'
import type { Usage } from '../../domain/record.ts'
import type { Model, ModelRequest } from '../../seams/model.ts'
import { type Reservation, Spent } from '../upstream/budgets.ts'
import { chatTokens } from '../upstream/dialects/openai-chat.ts'
import { worstOf } from '../upstream/dialects/request.ts'
import { UpstreamFailed } from '../upstream/send.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { type Asking, askUpstream } from './ask-upstream.ts'

type Options = {
  readonly upstream: Pick<Upstream, 'chat' | 'send' | 'budgets' | 'cost'>
  /** In one line, where a model is asked. */
  readonly describe: Model['describe']
  readonly maxRetries?: number
  readonly timeoutMs?: number
}
type Messages = ModelRequest['messages']

/** An answer that is no JSON is asked for again this often. */
const askAgain = 2

/**
 * The `Model` seam on any endpoint that speaks OpenAI's chat format. The client itself retries 408, 409, 429 and 5xx with backoff. What
 * is asked goes upstream, where keys and recorded answers are, and the budgets of batch and plan pay for it.
 */
export function openModel({ upstream, describe, maxRetries = 4, timeoutMs = 120_000 }: Options): Model {
  const withoutSchema = new Set<string>()

  /** One question, paid for. Undefined: the server does not take a schema, and is to be asked without one. */
  async function ask(request: ModelRequest, signal: AbortSignal) {
    const { model, account } = upstream.chat(request.model)
    const asking = askUpstream(upstream, account, request.run)
    const client = new OpenAI({
      baseURL: 'http://upstream.invalid',
      apiKey: 'held-upstream',
      maxRetries,
      timeout: timeoutMs,
      fetch: asking.fetch,
    })
    const isStructured = !withoutSchema.has(request.model)
    const body = question(model, request, isStructured)
    const paid = await reserve(request, JSON.stringify(body).length, signal)
    try {
      const answer = await client.chat.completions.create(body, { signal })
      const tokens = answer.usage ? chatTokens({ ...answer.usage }) : undefined
      const spent = { tokens: tokens ?? noTokens, costUsd: cost(request.model, tokens ?? noTokens) }
      paid.settle(tokens && { tokens: total(tokens), costUsd: spent.costUsd })
      return { ...spent, content: readJson(answer.choices?.[0]?.message?.content ?? '') }
    } catch (thrown) {
      paid.settle(asking.isUnpaid ? undefined : { tokens: 0, costUsd: 0 })
      // Some local servers know nothing of structured output: they get the schema in words, once and for all.
      if (!(thrown instanceof BadRequestError || thrown instanceof UnprocessableEntityError) || !isStructured)
        throw failure(thrown, request.model, signal, asking)
      withoutSchema.add(request.model)
      return undefined
    }
  }

  async function reserve({ model, run }: ModelRequest, bytes: number, signal: AbortSignal): Promise<Reservation> {
    const worst = worstOf({ bytes, limits: [] })
    const purse = upstream.budgets.purse({ id: run }, 'judge')
    return purse.reserve({ tokens: total(worst), costUsd: cost(model, worst) }, signal).catch((thrown: unknown) => {
      throw thrown instanceof Spent ? new ProctorError('judge_failed', `${model} was not asked: ${thrown.message}`) : thrown
    })
  }

  const cost = (model: string, tokens: Tokens) => upstream.cost(model, tokens) ?? 0

  async function complete(request: ModelRequest, signal: AbortSignal): Promise<{ content: Json; usage: Usage }> {
    const spent = { inputTokens: 0, outputTokens: 0, costUsd: 0 }
    for (let attempt = 0; ; attempt++) {
      const answer = await ask(request, signal)
      if (!answer) continue
      spent.inputTokens += total(answer.tokens) - answer.tokens.output
      spent.outputTokens += answer.tokens.output
      spent.costUsd += answer.costUsd
      if (answer.content !== undefined) return { content: answer.content, usage: { by: 'metered', ...spent } }
      if (attempt >= askAgain) throw new ProctorError('judge_failed', `${request.model} answered no JSON, ${attempt + 1} times`)
    }
  }

  return { complete, describe }
}

const total = ({ input, cacheRead, cacheWrite, output }: Tokens) => input + cacheRead + cacheWrite + output

function question(model: string, { messages, schema, name }: ModelRequest, isStructured: boolean) {
  if (!isStructured) return { model, messages: inWords(messages, schema) }
  return {
    model,
    messages: [...messages],
    response_format: { type: 'json_schema' as const, json_schema: { name, schema: { ...schema }, strict: true } },
  }
}

function inWords(messages: Messages, schema: ModelRequest['schema']) {
  return [
    ...messages,
    { role: 'user' as const, content: `Answer only with JSON that follows this JSON Schema:\n${JSON.stringify(schema)}` },
  ]
}

function readJson(text: string): Json | undefined {
  const body = /^\s*```(?:json)?\s*\n([\s\S]*?)\n```\s*$/.exec(text)?.[1] ?? text
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** The message keeps status and the provider's own words, never the request: that holds the evidence. */
function failure(thrown: unknown, model: string, signal: AbortSignal, { missed }: Asking): unknown {
  if (signal.aborted || thrown instanceof APIUserAbortError) return signal.reason ?? thrown
  if (missed) return new ProctorError('cassette_miss', missed.message, { cause: missed })
  if (!(thrown instanceof APIError)) return thrown
  const said = thrown.cause instanceof UpstreamFailed ? thrown.cause.message : `${thrown.status ?? 'no connection'}: ${thrown.message}`
  return new ProctorError('judge_failed', `${model}: ${said.slice(0, 300)}`, { cause: thrown })
}
