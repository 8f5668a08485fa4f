import type { Tokens } from '../../../domain/model-call.ts'
import type { Dialect, ReadRequest, Refused, Route, RouteRequest } from '../dialect.ts'
import { answerMeter, count, type Usage } from '../meters/answer-meter.ts'
import { beyond, dearerTier, type Fields, isFields, items, jsonRequest, serverTool, worstOf } from './request.ts'

const version = '^/v1(?:beta)?'
const id = '[\\w.-]+'
const ofModel = (name: string, action: string, more: Pick<Route, 'read' | 'beyond' | 'unmetered'>): Route => ({
  name,
  method: 'POST',
  path: new RegExp(`${version}/models/${id}:${action}$`),
  ...more,
})
const far = (name: string, method: Route['method'], path: string, unmetered?: true): Route => ({
  name,
  method,
  path: new RegExp(`${version}/${path}$`),
  beyond: true,
  ...(unmetered ? { unmetered } : {}),
})

/** Google's Gemini, by API key. */
export const gemini: Dialect = {
  provider: 'gemini',
  routes: [
    ofModel('generate', '(?:generateContent|streamGenerateContent)', { read }),
    ofModel('count_tokens', 'countTokens', {
      read: (request) => {
        const made = read(request)
        return 'refused' in made ? made : { ...made, free: true }
      },
    }),
    { name: 'models', method: 'GET', path: new RegExp(`${version}/models(/${id})?$`) },
    ofModel('embeddings', '(?:embedContent|batchEmbedContents)', { beyond: true, unmetered: true }),
    ofModel('batches', 'batchGenerateContent', { beyond: true, unmetered: true }),
    far('batches', 'GET', `batches(/${id})?`),
    far('batches', 'POST', `batches/${id}:cancel`),
    far('files', 'GET', `files(/${id})?`),
    far('files', 'DELETE', `files/${id}`),
    { name: 'files', method: 'POST', path: /^\/upload\/v1(?:beta)?\/files$/, beyond: true },
    far('caches', 'GET', `cachedContents(/${id})?`),
    far('caches', 'POST', 'cachedContents', true),
    far('caches', 'DELETE', `cachedContents/${id}`),
  ],
  refuse: (status, message) =>
    JSON.stringify({ error: { code: status, message, status: statuses[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT') } }),
}

const statuses: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

function read({ path, body, open }: RouteRequest): ReadRequest | Refused {
  return jsonRequest({ body }, (fields) => {
    const [, model = '', action] = /\/models\/([^/:]+):(\w+)$/.exec(path) ?? []
    const asked = isFields(fields.generateContentRequest) ? fields.generateContentRequest : fields // of countTokens
    const refused = open ? undefined : reachingBeyond(asked)
    if (refused) return refused
    const configs = [fields.generationConfig, fields.generation_config].filter(isFields)
    return {
      model,
      stream: action === 'streamGenerateContent',
      body: fields,
      worst: worstOf({
        bytes: body.length,
        limits: configs.flatMap(({ maxOutputTokens, max_output_tokens }) => [maxOutputTokens, max_output_tokens]),
        answers: Math.max(...configs.flatMap(({ candidateCount, candidate_count }) => [count(candidateCount), count(candidate_count)]), 1),
      }),
      ...dearerTier(fields.serviceTier ?? fields.service_tier),
      meter: () => answerMeter(usage()),
    }
  })
}

/** Whatever else a tool names is Google's to run. Fields can be written in two ways, and both are read. */
const ownTools = new Set(['functionDeclarations', 'function_declarations'])

function reachingBeyond(fields: Fields): Refused | undefined {
  if (fields.tools != null && !Array.isArray(fields.tools)) return { refused: '`tools` is no list.' }
  const foreign = items(fields.tools)
    .flatMap((tool) => Object.entries(tool))
    .find(([name, value]) => value !== null && !ownTools.has(name))
  if (foreign) return serverTool(foreign[0])
  if ((fields.cachedContent ?? fields.cached_content) != null) return beyond('`cachedContent`')
  const spoken = [...items(fields.contents), ...[fields.systemInstruction, fields.system_instruction, fields.contents].filter(isFields)]
  const parts = spoken.flatMap(({ parts }) => (isFields(parts) ? [parts] : items(parts)))
  return parts.some(isElsewhere) ? beyond('`fileData`, which the provider would have to fetch,') : undefined
}

/** Also in what a function returned. */
function isElsewhere({ fileData, file_data, functionResponse, function_response }: Fields): boolean {
  const returned = functionResponse ?? function_response
  return (fileData ?? file_data) != null || (isFields(returned) && items(returned.parts).some(isElsewhere))
}

/** Every chunk has the count so far, and the last one, which says why it ends, has all of it. The input includes what was cached; thoughts are output beside the answer. */
function usage(): Usage {
  let last: Tokens | undefined
  let isWhole = false
  const inOne = ['usageMetadata', 'candidates.*.finishReason', 'promptFeedback.blockReason']
  return {
    paths: [...inOne, ...inOne.map((path) => `*.${path}`)], // without `alt=sse` a stream is a list
    see(_, value) {
      if (value === true) isWhole = true
      else last = tokensOf(value)
    },
    tokens: () => (isWhole ? last : undefined),
  }
}

function tokensOf(fields: Fields): Tokens {
  const prompt = count(fields.promptTokenCount)
  const cacheRead = Math.min(prompt, count(fields.cachedContentTokenCount))
  return {
    input: prompt - cacheRead + count(fields.toolUsePromptTokenCount),
    cacheRead,
    cacheWrite: 0,
    output: count(fields.candidatesTokenCount) + count(fields.thoughtsTokenCount),
  }
}
