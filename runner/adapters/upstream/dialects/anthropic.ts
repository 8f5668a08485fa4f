import type { Tokens } from '../../../domain/model-call.ts'
import type { Dialect, ReadRequest, Refused, Route, RouteRequest } from '../dialect.ts'
import { answerMeter, count, type Usage } from '../meters/answer-meter.ts'
import { beyond, dearerTier, type Fields, isFields, items, jsonRequest, serverTool, text, worstOf } from './request.ts'

const messages: Route = { name: 'messages', method: 'POST', path: /^\/v1\/messages$/, read: (request) => read(request) }
const countTokens: Route = {
  name: 'count_tokens',
  method: 'POST',
  path: /^\/v1\/messages\/count_tokens$/,
  read: (request) => {
    const made = read(request)
    return 'refused' in made ? made : { ...made, stream: false, free: true }
  },
}
const hello = (method: 'GET' | 'HEAD'): Route => ({ name: 'hello', method, path: /^\/api\/hello$/, answer: '{"message":"hello"}' })
const id = '[\\w.:@-]+'
const far = (name: string, method: Route['method'], path: string, unmetered?: true): Route => ({
  name,
  method,
  path: new RegExp(`^/v1/${path}$`),
  beyond: true,
  ...(unmetered ? { unmetered } : {}),
})

/** Anthropic's Messages. */
export const anthropic: Dialect = {
  provider: 'anthropic',
  routes: [
    messages,
    countTokens,
    { name: 'models', method: 'GET', path: new RegExp(`^/v1/models(/${id})?$`) },
    // Claude Code asks whether anybody is there.
    hello('GET'),
    hello('HEAD'),
    far('files', 'GET', `files(/${id}(/content)?)?`),
    far('files', 'POST', 'files'),
    far('files', 'DELETE', `files/${id}`),
    far('batches', 'GET', `messages/batches(/${id}(/results)?)?`),
    far('batches', 'POST', 'messages/batches', true),
    far('batches', 'POST', `messages/batches/${id}/cancel`),
    far('batches', 'DELETE', `messages/batches/${id}`),
  ],
  refuse: (status, message) => JSON.stringify({ type: 'error', error: { type: errorType(status), message } }),
}

const errorTypes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
}
const errorType = (status: number) => errorTypes[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')

function read({ body, open }: RouteRequest): ReadRequest | Refused {
  return jsonRequest({ body }, (fields) => {
    const { model, stream, max_tokens } = fields
    if (typeof model !== 'string') return { refused: 'The request names no `model`.' }
    const refused = open ? undefined : reachingBeyond(fields)
    if (refused) return refused
    const written = Buffer.from(body.buffer, body.byteOffset, body.length)
    const writesCache = written.includes('"cache_control"')
    return {
      model,
      stream: stream === true,
      body: fields,
      worst: worstOf({ bytes: body.length, limits: [max_tokens], writesCache }),
      ...dearer(fields),
      ...(writesCache && written.includes('"1h"') ? { priced: forAnHour } : {}),
      meter: () => answerMeter(usage()),
    }
  })
}

function dearer({ speed, inference_geo, service_tier }: Fields): { readonly dearer?: string } {
  if (speed != null && speed !== 'standard') return { dearer: '`speed`' }
  return inference_geo != null && inference_geo !== 'global' ? { dearer: '`inference_geo`' } : dearerTier(service_tier)
}

/** To keep for an hour costs twice the input, for five minutes a quarter more. One of the two in a request counts as both: nobody says before which it will be. */
const forAnHour = (tokens: Tokens): Tokens => ({ ...tokens, cacheWrite: tokens.cacheWrite * (2 / 1.25) })

/** Tools that run where the agent is; a tool of any other type is Anthropic's to run. `tool_search` looks only into the request itself. */
const ownTools = /^(custom$|bash_|text_editor_|computer_|memory_|tool_search_)/

function reachingBeyond(fields: Fields): Refused | undefined {
  if (fields.tools != null && !Array.isArray(fields.tools)) return { refused: '`tools` is no list.' }
  const foreign = items(fields.tools).find(({ type }) => type != null && !ownTools.test(text(type)))
  if (foreign) return serverTool(text(foreign.type) || 'of an unknown type')
  if (items(fields.mcp_servers).length > 0 || (fields.mcp_servers != null && !Array.isArray(fields.mcp_servers)))
    return beyond('`mcp_servers`, which the provider itself would call,')
  if (fields.container != null) return beyond('`container`, in which the provider would run code,')
  const outside = [...items(fields.system), ...items(fields.messages).flatMap(({ content }) => items(content))].find(isElsewhere)
  return outside && beyond(`A source of type "${text((outside.source as Fields | undefined)?.type) || 'url'}"`)
}

/** An image or document that the provider would have to get from somewhere. */
function isElsewhere({ type, source, content }: Fields): boolean {
  if (type === 'tool_result' || type === 'document') {
    const inner = [...items(content), ...(isFields(source) ? items(source.content) : [])]
    if (inner.some(isElsewhere)) return true
  }
  return (
    (type === 'image' || type === 'document' || type === 'container_upload') &&
    (!isFields(source) || source.type === 'url' || source.type === 'file')
  )
}

/** What a stream begins with has the input; each delta has all of the output so far, and newer ones the input again. */
function usage(): Usage {
  let start: Fields = {}
  let whole: Fields | undefined
  return {
    paths: ['message.usage', 'usage'],
    see(path, value) {
      if (value === true) return
      if (path === 'usage') whole = { ...whole, ...said(value) }
      else start = said(value)
    },
    tokens() {
      if (!whole) return undefined
      const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens }: Fields = { ...start, ...whole }
      return {
        input: count(input_tokens),
        cacheRead: count(cache_read_input_tokens),
        cacheWrite: count(cache_creation_input_tokens),
        output: count(output_tokens),
      }
    },
  }
}

/** `null` says nothing. */
const said = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
