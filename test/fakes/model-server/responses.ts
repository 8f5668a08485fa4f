import { openaiRefusal } from './chat.ts'
import { type Answer, type Asked, type Body, type Event, type Language, parsed, pieces, textOf } from './conversation.ts'

/** OpenAI Responses, as Codex speaks it: function calls, and tools that take free text. */
export const responses: Language = {
  ask: (body) => {
    const input: readonly Body[] = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input
    return {
      model: body.model,
      stream: body.stream === true,
      system: [body.instructions ?? '', ...input.filter(isSystem).map(({ content }) => textOf(content))].join('\n'),
      tools: (body.tools ?? [])
        .filter(({ type }: Body) => type === 'function' || type === 'custom')
        .map(({ type, name, parameters = {} }: Body) => ({ name, schema: parameters, free: type === 'custom' })),
      events: input.filter((item) => !isSystem(item)).flatMap(eventsOf),
      ...(body.text?.format?.schema ? { schema: body.text.format } : {}),
    }
  },

  whole: (asked, answer) => response(asked, answer, 'completed'),

  events: (asked, answer) => {
    let sequence_number = 0
    const event = (type: string, data: object) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...data })}\n\n`
    return [
      event('response.created', { response: response(asked, answer, 'in_progress') }),
      ...items(answer).flatMap((item, output_index) => [
        event('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', ...empty(item) } }),
        ...deltas(item).map(([type, data]) => event(type, { item_id: item.id, output_index, ...data })),
        event('response.output_item.done', { output_index, item }),
      ]),
      event('response.completed', { response: response(asked, answer, 'completed') }),
    ]
  },

  refuse: openaiRefusal,
}

type Item =
  | { type: 'message'; id: string; status: string; role: string; content: { type: string; text: string; annotations: [] }[] }
  | { type: 'function_call'; id: string; status: string; call_id: string; name: string; arguments: string }
  | { type: 'custom_tool_call'; id: string; status: string; call_id: string; name: string; input: string }

const isSystem = ({ role }: Body) => role === 'system' || role === 'developer'

function eventsOf(item: Body): Event[] {
  if (item.type === 'function_call') return [{ as: 'call', id: item.call_id, name: item.name, input: parsed(item.arguments) }]
  if (item.type === 'custom_tool_call') return [{ as: 'call', id: item.call_id, name: item.name, input: item.input }]
  if (item.type === 'function_call_output' || item.type === 'custom_tool_call_output')
    return [{ as: 'result', id: item.call_id, text: textOf(item.output) }]
  return item.role === 'user' || item.role === 'assistant' ? [{ as: item.role, text: textOf(item.content) }] : []
}

function items({ id, text, call }: Answer): Item[] {
  const message: Item = {
    type: 'message',
    id: `msg_${id}`,
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [] }],
  }
  if (!call) return [message]
  const head = { status: 'completed', call_id: `call_${id}`, name: call.name }
  return typeof call.input === 'string'
    ? [message, { type: 'custom_tool_call', id: `ctc_${id}`, ...head, input: call.input }]
    : [message, { type: 'function_call', id: `fc_${id}`, ...head, arguments: JSON.stringify(call.input) }]
}

const empty = (item: Item) =>
  item.type === 'message' ? { content: [] } : item.type === 'function_call' ? { arguments: '' } : { input: '' }

function deltas(item: Item): [string, object][] {
  if (item.type === 'function_call') return pieces(item.arguments).map((delta) => ['response.function_call_arguments.delta', { delta }])
  if (item.type === 'custom_tool_call') return pieces(item.input).map((delta) => ['response.custom_tool_call_input.delta', { delta }])
  const part = item.content[0]
  return [
    ['response.content_part.added', { content_index: 0, part: { ...part, text: '' } }],
    ...pieces(part?.text ?? '').map((delta): [string, object] => ['response.output_text.delta', { content_index: 0, delta }]),
    ['response.output_text.done', { content_index: 0, text: part?.text }],
    ['response.content_part.done', { content_index: 0, part }],
  ]
}

function response({ model }: Asked, answer: Answer, status: 'in_progress' | 'completed') {
  const { tokens, id } = answer
  const input = tokens.input + tokens.cacheRead
  const usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: tokens.cacheRead },
    output_tokens: tokens.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + tokens.output,
  }
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    model,
    status,
    output: status === 'completed' ? items(answer) : [],
    usage: status === 'completed' ? usage : null,
  }
}
