import type { Tokens } from '../../../domain/model-call.ts'
import type { ReadRequest, Refused, Route, RouteRequest } from '../dialect.ts'
import { answerMeter, type Usage } from '../meters/answer-meter.ts'
import { isInline, split } from './openai-chat.ts'
import { beyond, dearerTier, type Fields, isFields, items, jsonRequest, serverTool, text, worstOf } from './request.ts'

/** OpenAI's Responses. */
export const responses: Route = { name: 'responses', method: 'POST', path: /^\/responses$/, read }

function read({ body, open }: RouteRequest): ReadRequest | Refused {
  return jsonRequest({ body }, (fields) => {
    const { model, stream, max_output_tokens, service_tier } = fields
    if (typeof model !== 'string') return { refused: 'The request names no `model`.' }
    const refused = open ? undefined : reachingBeyond(fields)
    if (refused) return refused
    return {
      model,
      stream: stream === true,
      body: { ...fields, store: false },
      worst: worstOf({ bytes: body.length, limits: [max_output_tokens] }),
      ...dearerTier(service_tier),
      meter: () => answerMeter(usage()),
    }
  })
}

/** Refer to what is stored at the provider, or go on without the request. */
const stored = ['previous_response_id', 'conversation', 'prompt'] as const

function reachingBeyond(fields: Fields): Refused | undefined {
  const named = stored.find((name) => fields[name] != null)
  if (named) return beyond(`\`${named}\``)
  if (fields.background != null && fields.background !== false) return beyond('`background`')
  if (fields.tools != null && !Array.isArray(fields.tools)) return { refused: '`tools` is no list.' }
  const foreign = foreignTool(items(fields.tools))
  if (foreign !== undefined) return serverTool(foreign)
  const given = items(fields.input).flatMap((item) => [
    item,
    ...items(item.content),
    ...items(item.output),
    ...(isFields(item.output) ? [item.output] : []),
  ])
  if (given.some(({ type }) => type === 'item_reference')) return beyond('`item_reference`')
  const outside = given.find(
    ({ image_url, file_url, file_id }) => file_id != null || file_url != null || (image_url != null && !isInline(image_url)),
  )
  return outside && beyond('A file or image that is not in the request itself')
}

/** Tools that run where the agent is. `tool_search` looks only into the request itself; `shell` may mean a machine of the provider's. */
const ownTools = new Set(['function', 'custom', 'local_shell', 'apply_patch', 'tool_search', 'namespace', 'shell'])

function foreignTool(tools: readonly Fields[]): string | undefined {
  for (const { type, environment, tools: inner } of tools) {
    if (!ownTools.has(text(type))) return text(type) || 'of an unknown type'
    if (environment != null && !(isFields(environment) && environment.type === 'local'))
      return `${text(type)} in an environment of the provider`
    const nested = foreignTool(items(inner))
    if (nested !== undefined) return nested
  }
  return undefined
}

/** Whatever the response ended as: completed, incomplete and failed ones say what they used. */
function usage(): Usage {
  let last: Tokens | undefined
  return {
    paths: ['response.usage', 'usage'],
    see(_, value) {
      if (value !== true) last = split(value.input_tokens, value.output_tokens, value.input_tokens_details)
    },
    tokens: () => last,
  }
}
