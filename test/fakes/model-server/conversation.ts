/** A request in words that all providers have in common. */
export type Asked = {
  readonly model: string
  readonly stream: boolean
  readonly system: string
  readonly tools: readonly Tool[]
  readonly events: readonly Event[]
  /** The JSON Schema that the answer must follow, and its name. */
  readonly schema?: { readonly name: string; readonly schema: Schema }
  /** Chat: whether a stream ends with a count. */
  readonly usage?: boolean
}
export type Event =
  | { readonly as: 'user' | 'assistant'; readonly text: string }
  | { readonly as: 'call'; readonly id: string; readonly name: string; readonly input: unknown }
  | { readonly as: 'result'; readonly id: string; readonly text: string }
/** `free`: takes text instead of JSON. */
export type Tool = { readonly name: string; readonly schema: Schema; readonly free?: boolean }
export type Schema = {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly items?: Schema
}

/** What the model does next: say something, or say something and call a tool. */
export type Move = {
  readonly text: string
  readonly call?: { readonly name: string; readonly input: Readonly<Record<string, unknown>> | string }
}

/** `input` = neither read from a cache nor written to one. */
export type Counted = { readonly input: number; readonly cacheRead: number; readonly cacheWrite: number; readonly output: number }
export type Answer = Move & { readonly id: string; readonly tokens: Counted }

/** How a provider's requests are read and its answers written. `events` = lines of an event stream, one event each. */
export type Language = {
  ask(body: Body, path: string): Asked
  whole(asked: Asked, answer: Answer): unknown
  events(asked: Asked, answer: Answer): readonly string[]
  refuse(status: number, message: string): unknown
}
/** JSON of strangers: whoever reads it says what it takes it for. */
// biome-ignore lint/suspicious/noExplicitAny: four foreign formats of great depth, and a wrong guess shows as a 500
export type Body = any

/** The model did not get what it needs to go on: answered with 400. */
export class Missing extends Error {}

/** Some value that follows a schema. */
export function sample(schema: Schema, name = 'value'): unknown {
  const type = typeof schema.type === 'string' ? schema.type.toLowerCase() : schema.type?.[0]
  if (schema.enum) return schema.enum[0]
  if (type === 'boolean') return false
  if (type === 'number' || type === 'integer') return 1
  if (type === 'array') return []
  if (type === 'object' || schema.properties)
    return Object.fromEntries((schema.required ?? []).map((key) => [key, sample(schema.properties?.[key] ?? {}, key)]))
  return `scripted ${name}`
}

/** Text of a message's content: a string, or a list of parts of which some are text. */
export const textOf = (content: Body): string =>
  typeof content === 'string'
    ? content
    : Array.isArray(content)
      ? content
          .map((part) => part?.text ?? '')
          .filter(Boolean)
          .join('\n')
      : ''

/** A text in pieces, as a model streams it. */
export const pieces = (text: string): readonly string[] => text.match(/[\s\S]{1,24}/g) ?? []

export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
