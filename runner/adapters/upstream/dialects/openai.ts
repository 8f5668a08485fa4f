import { noTokens } from '../../../domain/model-call.ts'
import type { Dialect, Route } from '../dialect.ts'
import { answerMeter } from '../meters/answer-meter.ts'
import { chat, chatUsage } from './openai-chat.ts'
import { responses } from './openai-responses.ts'
import { jsonRequest, worstOf } from './request.ts'

const id = '[\\w.:@-]+'
const far = (name: string, method: Route['method'], path: string, unmetered?: true): Route => ({
  name,
  method,
  path: new RegExp(`^/${path}$`),
  beyond: true,
  ...(unmetered ? { unmetered } : {}),
})

const embeddings: Route = {
  ...far('embeddings', 'POST', 'embeddings'),
  read: ({ body }) =>
    jsonRequest({ body }, (fields) =>
      typeof fields.model === 'string'
        ? {
            model: fields.model,
            stream: false,
            body: fields,
            worst: { ...noTokens, input: worstOf({ bytes: body.length, limits: [] }).input },
            meter: () => answerMeter(chatUsage()),
          }
        : { refused: 'The request names no `model`.' },
    ),
}

/** OpenAI's two ways to ask a model. Its address, and so its gateway path, ends in /v1. */
export const openai: Dialect = {
  provider: 'openai',
  routes: [
    chat,
    responses,
    // Names of fine-tuned models have colons, those of some servers slashes.
    { name: 'models', method: 'GET', path: new RegExp(`^/models(/${id}(/${id})?)?$`) },
    embeddings,
    far('moderations', 'POST', 'moderations'),
    far('files', 'GET', `files(/${id}(/content)?)?`),
    far('files', 'POST', 'files'),
    far('files', 'DELETE', `files/${id}`),
    far('batches', 'GET', `batches(/${id})?`),
    far('batches', 'POST', 'batches', true),
    far('batches', 'POST', `batches/${id}/cancel`),
    far('stored responses', 'GET', `responses/${id}(/input_items)?`),
    far('stored responses', 'POST', `responses/${id}/cancel`),
    far('stored responses', 'DELETE', `responses/${id}`),
    far('conversations', 'GET', `conversations/${id}(/items(/${id})?)?`),
    far('conversations', 'POST', `conversations(/${id}(/items)?)?`),
    far('conversations', 'DELETE', `conversations/${id}(/items/${id})?`),
  ],
  refuse: (status, message) => JSON.stringify({ error: { message, type: errorType(status), param: null, code: null } }),
}

const errorTypes: Readonly<Record<number, string>> = { 401: 'authentication_error', 403: 'permission_error', 429: 'rate_limit_error' }
const errorType = (status: number) => errorTypes[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error')
