import { type Answer, type Asked, type Body, type Event, type Language, textOf } from './conversation.ts'

/** Gemini generateContent and streamGenerateContent. The model and the stream are in the path. */
export const gemini: Language = {
  ask: (body, path) => {
    const [, model = '', method = ''] = /\/models\/([^/:]+):(\w+)/.exec(path) ?? []
    const format = body.generationConfig?.responseJsonSchema ?? body.generationConfig?.responseSchema
    return {
      model,
      stream: method === 'streamGenerateContent',
      system: textOf(body.systemInstruction?.parts),
      tools: (body.tools ?? [])
        .flatMap(({ functionDeclarations = [] }: Body) => functionDeclarations)
        .map((tool: Body) => ({ name: tool.name, schema: tool.parametersJsonSchema ?? tool.parameters ?? {} })),
      events: conversation(body.contents),
      ...(format ? { schema: { name: 'answer', schema: format } } : {}),
    }
  },

  whole: (asked, answer) => content(asked, answer, parts(answer), true),

  events: (asked, answer) => {
    const all = parts(answer)
    return all.map((part, index) => `data: ${JSON.stringify(content(asked, answer, [part], index === all.length - 1))}\n\n`)
  },

  refuse: (status, message) => ({ error: { code: status, message, status: kinds[status] ?? 'INTERNAL' } }),
}

const kinds: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
}

/** Calls have no ids here: the n-th response of a tool answers its n-th call. */
function conversation(contents: readonly Body[]): Event[] {
  const counts = new Map<string, number>()
  const nth = (kind: string, name: string) => {
    const count = (counts.get(`${kind} ${name}`) ?? 0) + 1
    counts.set(`${kind} ${name}`, count)
    return `${name} ${count}`
  }
  return contents.flatMap(({ role, parts = [] }) =>
    parts.flatMap(({ text, thought, functionCall: call, functionResponse: response }: Body): Event[] => {
      if (call) return [{ as: 'call', id: nth('call', call.name), name: call.name, input: call.args }]
      if (response) return [{ as: 'result', id: nth('result', response.name), text: said(response.response) }]
      return text && !thought ? [{ as: role === 'model' ? 'assistant' : 'user', text }] : []
    }),
  )
}

const said = (response: Body): string => (typeof response?.output === 'string' ? response.output : JSON.stringify(response ?? {}))

const parts = ({ text, call }: Answer) => [{ text }, ...(call ? [{ functionCall: { name: call.name, args: call.input } }] : [])]

const content = ({ model }: Asked, { tokens, id }: Answer, parts: readonly object[], isLast: boolean) => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...(isLast ? { finishReason: 'STOP' } : {}) }],
  modelVersion: model,
  responseId: id,
  usageMetadata: {
    promptTokenCount: tokens.input + tokens.cacheRead,
    cachedContentTokenCount: tokens.cacheRead,
    candidatesTokenCount: tokens.output,
    totalTokenCount: tokens.input + tokens.cacheRead + tokens.output,
  },
})
