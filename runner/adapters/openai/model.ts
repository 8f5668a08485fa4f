import OpenAI, { APIError, APIUserAbortError, BadRequestError, UnprocessableEntityError } from 'openai'
import type { Json } from '../../domain/blob.ts'
import { ProctorError } from '../../domain/error.ts'
import type { Usage } from '../../domain/record.ts'
import type { Model, ModelRequest } from '../../seams/model.ts'
import { price } from './prices.ts'
import { account, describeAccount } from './providers.ts'

type Options = {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly maxRetries?: number
  readonly timeoutMs?: number
}
type Messages = ModelRequest['messages']

/** An answer that is no JSON is asked for again this often. */
const askAgain = 2

/** The `Model` seam on any endpoint that speaks OpenAI's chat format. The client itself retries 408, 409, 429 and 5xx with backoff. */
export function openModel({ variables, maxRetries = 4, timeoutMs = 120_000 }: Options): Model {
  const clients = new Map<string, OpenAI>()
  const withoutSchema = new Set<string>()

  const client = (name: string) => {
    const { provider, baseURL, apiKey } = account(name, variables)
    const known = clients.get(provider) ?? new OpenAI({ baseURL, apiKey, maxRetries, timeout: timeoutMs })
    clients.set(provider, known)
    return known
  }

  async function ask({ model, messages, schema, name }: ModelRequest, signal: AbortSignal) {
    const plain = { model: account(model, variables).model, messages: withoutSchema.has(model) ? inWords(messages, schema) : [...messages] }
    if (withoutSchema.has(model)) return client(model).chat.completions.create(plain, { signal })
    return client(model).chat.completions.create(
      { ...plain, response_format: { type: 'json_schema', json_schema: { name, schema: { ...schema }, strict: true } } },
      { signal },
    )
  }

  async function complete(request: ModelRequest, signal: AbortSignal): Promise<{ content: Json; usage: Usage }> {
    const spent = { input: 0, output: 0 }
    for (let attempt = 0; ; attempt++) {
      const answer = await ask(request, signal).catch((thrown: unknown) => {
        // Some local servers know nothing of structured output: they get the schema in words, once and for all.
        if (!(thrown instanceof BadRequestError || thrown instanceof UnprocessableEntityError) || withoutSchema.has(request.model))
          throw failure(thrown, request.model, signal)
        withoutSchema.add(request.model)
        return undefined
      })
      if (!answer) continue
      spent.input += answer.usage?.prompt_tokens ?? 0
      spent.output += answer.usage?.completion_tokens ?? 0
      const content = readJson(answer.choices?.[0]?.message?.content ?? '')
      if (content !== undefined)
        return {
          content,
          usage: { by: 'metered', inputTokens: spent.input, outputTokens: spent.output, costUsd: price(request.model, spent) },
        }
      if (attempt >= askAgain) throw new ProctorError('judge_failed', `${request.model} answered no JSON, ${attempt + 1} times`)
    }
  }

  return {
    complete,
    describe: (name) => describeAccount(name, variables),
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
function failure(thrown: unknown, model: string, signal: AbortSignal): unknown {
  if (signal.aborted || thrown instanceof APIUserAbortError) return signal.reason ?? thrown
  if (thrown instanceof APIError)
    return new ProctorError('judge_failed', `${model}: ${thrown.status ?? 'no connection'}: ${thrown.message.slice(0, 300)}`, {
      cause: thrown,
    })
  return thrown
}
