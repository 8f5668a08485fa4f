import type { Tokens } from '../../../domain/model-call.ts'
import type { ReadRequest, Refused, Route, RouteRequest } from '../dialect.ts'
import { answerMeter, count, type Usage } from '../meters/answer-meter.ts'
import { beyond, dearerTier, type Fields, isFields, items, jsonRequest, serverTool, text, worstOf } from './request.ts'

/** OpenAI's Chat Completions, which many other servers speak. */
export const chat: Route = { name: 'chat', method: 'POST', path: /^\/chat\/completions$/, read }

function read({ body, open }: RouteRequest): ReadRequest | Refused {
  return jsonRequest({ body }, (fields) => {
    const { model, stream, stream_options, max_tokens, max_completion_tokens, n, service_tier } = fields
    if (typeof model !== 'string') return { refused: 'The request names no `model`.' }
    const refused = open ? undefined : reachingBeyond(model, fields)
    if (refused) return refused
    const streams = stream === true
    const options = isFields(stream_options) ? stream_options : {}
    const hides = streams && options.include_usage !== true
    return {
      model,
      stream: streams,
      body: { ...fields, store: false, ...(streams ? { stream_options: { ...options, include_usage: true } } : {}) },
      worst: worstOf({ bytes: body.length, limits: [max_tokens, max_completion_tokens], answers: n }),
      ...dearerTier(service_tier),
      meter: () => answerMeter(chatUsage(), hides ? { hides: isUsageOnly } : {}),
    }
  })
}

const ownTools = new Set(['function', 'custom'])

function reachingBeyond(model: string, { tools, messages, ...fields }: Fields): Refused | undefined {
  if (/-search-(preview|api)\b/.test(model)) return beyond(`The model ${JSON.stringify(model)}, which searches the web by itself,`)
  if (tools != null && !Array.isArray(tools)) return { refused: '`tools` is no list.' }
  const foreign = items(tools).find(({ type }) => type != null && !ownTools.has(text(type)))
  if (foreign) return serverTool(text(foreign.type) || 'of an unknown type')
  // The last two are of servers that stand in front of several providers: other models, and a search of the web.
  const named = ['web_search_options', 'plugins', 'models'].find((name) => fields[name] != null)
  if (named) return beyond(`\`${named}\``)
  const parts = items(messages).flatMap(({ content }) => items(content))
  const outside = parts.find(
    ({ image_url, file }) =>
      (image_url != null && !isInline(isFields(image_url) ? image_url.url : image_url)) || (isFields(file) && file.file_id != null),
  )
  return outside && beyond(outside.file ? 'A file that is stored at the provider' : 'An image that the provider would have to fetch')
}

/** Whether all of it is in the request. */
export const isInline = (url: unknown): boolean => typeof url === 'string' && /^data:/i.test(url)

/** A chunk without a choice: clients that did not ask for it look for the first one and break. */
const isUsageOnly = (event: unknown): boolean => isFields(event) && Array.isArray(event.choices) && event.choices.length === 0

/** The input includes what was cached, the output what was reasoned. The last count holds: some servers repeat it with every chunk. */
export function chatUsage(): Usage {
  let last: Tokens | undefined
  return {
    paths: ['usage'],
    see(_, value) {
      if (value !== true) last = chatTokens(value)
    },
    tokens: () => last,
  }
}

export function chatTokens({ prompt_tokens, completion_tokens, prompt_tokens_details }: Fields): Tokens {
  return split(prompt_tokens, completion_tokens, prompt_tokens_details)
}

/** OpenAI's counts, in which the parts of the input are included. */
export function split(input: unknown, output: unknown, details: unknown): Tokens {
  const { cached_tokens, cache_write_tokens } = isFields(details) ? details : ({} as Fields)
  const all = count(input)
  const cacheRead = Math.min(all, count(cached_tokens))
  const cacheWrite = Math.min(all - cacheRead, count(cache_write_tokens))
  return { input: all - cacheRead - cacheWrite, cacheRead, cacheWrite, output: count(output) }
}
