import { type Answer, type Asked, type Body, type Event, type Language, pieces, textOf } from './conversation.ts'

/** Anthropic Messages. */
export const anthropic: Language = {
  ask: (body) => ({
    model: body.model,
    stream: body.stream === true,
    system: textOf(body.system),
    tools: (body.tools ?? []).map((tool: Body) => ({ name: tool.name, schema: tool.input_schema ?? {} })),
    events: body.messages.flatMap(eventsOf),
    ...(body.output_config?.format?.schema ? { schema: { name: 'answer', schema: body.output_config.format.schema } } : {}),
  }),

  whole: (asked, answer) => ({ ...start(asked, answer), content: blocks(answer), stop_reason: reason(answer), usage: usage(answer) }),

  events: (asked, answer) => [
    event({ type: 'message_start', message: { ...start(asked, answer), usage: { ...usage(answer), output_tokens: 1 } } }),
    ...blocks(answer).flatMap((block, index) => [
      event({
        type: 'content_block_start',
        index,
        content_block: block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} },
      }),
      ...(block.type === 'text'
        ? pieces(block.text).map((text) => event({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } }))
        : pieces(JSON.stringify(block.input)).map((partial_json) =>
            event({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } }),
          )),
      event({ type: 'content_block_stop', index }),
    ]),
    event({ type: 'message_delta', delta: { stop_reason: reason(answer), stop_sequence: null }, usage: usage(answer) }),
    event({ type: 'message_stop' }),
  ],

  refuse: (status, message) => ({ type: 'error', error: { type: kinds[status] ?? 'api_error', message }, request_id: 'req_scripted' }),
}

const kinds: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
}
const event = <Data extends { readonly type: string }>(data: Data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const reason = ({ call }: Answer) => (call ? 'tool_use' : 'end_turn')

function eventsOf({ role, content }: Body): Event[] {
  if (typeof content === 'string') return [{ as: role, text: content }]
  return content.flatMap((part: Body): Event[] => {
    if (part.type === 'text') return [{ as: role, text: part.text }]
    if (part.type === 'tool_use') return [{ as: 'call', id: part.id, name: part.name, input: part.input }]
    if (part.type === 'tool_result') return [{ as: 'result', id: part.tool_use_id, text: textOf(part.content) }]
    return []
  })
}

const start = ({ model }: Asked, { id }: Answer) => ({
  id: `msg_${id}`,
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
})

const blocks = ({ text, call, id }: Answer) => [
  { type: 'text' as const, text },
  ...(call ? [{ type: 'tool_use' as const, id: `toolu_${id}`, name: call.name, input: call.input }] : []),
]

const usage = ({ tokens }: Answer) => ({
  input_tokens: tokens.input,
  cache_creation_input_tokens: tokens.cacheWrite,
  cache_read_input_tokens: tokens.cacheRead,
  output_tokens: tokens.output,
})
