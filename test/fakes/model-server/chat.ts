import { type Answer, type Asked, type Body, type Event, type Language, parsed, pieces, textOf } from './conversation.ts'

/** OpenAI Chat Completions. */
export const chat: Language = {
  ask: (body) => ({
    model: body.model,
    stream: body.stream === true,
    system: body.messages
      .filter(isSystem)
      .map((message: Body) => textOf(message.content))
      .join('\n'),
    tools: (body.tools ?? []).map(({ function: tool }: Body) => ({ name: tool.name, schema: tool.parameters ?? {} })),
    events: body.messages.filter((message: Body) => !isSystem(message)).flatMap(eventsOf),
    usage: body.stream_options?.include_usage === true,
    ...(body.response_format?.json_schema ? { schema: body.response_format.json_schema } : {}),
  }),

  whole: (asked, answer) => ({
    ...head(asked, answer),
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        finish_reason: reason(answer),
        message: { role: 'assistant', content: answer.text, ...(answer.call ? { tool_calls: [call(answer)] } : {}) },
      },
    ],
    usage: usage(answer),
  }),

  events: (asked, answer) => {
    const chunk = (delta: object, finish_reason: string | null = null) =>
      event({ ...head(asked, answer), object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })
    const { function: called, ...named } = call(answer)
    return [
      chunk({ role: 'assistant', content: '' }),
      ...pieces(answer.text).map((content) => chunk({ content })),
      ...(answer.call
        ? [
            chunk({ tool_calls: [{ index: 0, ...named, function: { name: called.name, arguments: '' } }] }),
            ...pieces(called.arguments).map((text) => chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
          ]
        : []),
      chunk({}, reason(answer)),
      ...(asked.usage ? [event({ ...head(asked, answer), object: 'chat.completion.chunk', choices: [], usage: usage(answer) })] : []),
      'data: [DONE]\n\n',
    ]
  },

  refuse: openaiRefusal,
}

/** Chat and Responses refuse alike. */
export function openaiRefusal(status: number, message: string): unknown {
  const codes: Readonly<Record<number, string>> = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded' }
  return { error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code: codes[status] ?? null } }
}

const isSystem = ({ role }: Body) => role === 'system' || role === 'developer'
const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`
const reason = ({ call }: Answer) => (call ? 'tool_calls' : 'stop')
const head = ({ model }: Asked, { id }: Answer) => ({ id: `chatcmpl-${id}`, created: Math.floor(Date.now() / 1000), model })

function eventsOf({ role, content, tool_calls = [], tool_call_id }: Body): Event[] {
  if (role === 'tool') return [{ as: 'result', id: tool_call_id, text: textOf(content) }]
  const calls = tool_calls.map((call: Body) => ({
    as: 'call',
    id: call.id,
    name: call.function.name,
    input: parsed(call.function.arguments),
  }))
  return [...(textOf(content) ? [{ as: role, text: textOf(content) }] : []), ...calls]
}

const call = ({ id, call }: Answer) => ({
  id: `call_${id}`,
  type: 'function',
  function: { name: call?.name ?? '', arguments: JSON.stringify(call?.input ?? {}) },
})

const usage = ({ tokens }: Answer) => {
  const prompt = tokens.input + tokens.cacheRead
  return {
    prompt_tokens: prompt,
    completion_tokens: tokens.output,
    total_tokens: prompt + tokens.output,
    prompt_tokens_details: { cached_tokens: tokens.cacheRead },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
}
