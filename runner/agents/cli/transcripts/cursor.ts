import type { SessionFile, Transcript, TranscriptReader } from '../cli.ts'
import type { Call, Result } from './steps/call.ts'
import { Reading } from './steps/reading.ts'
import { type Live, thinking } from './steps/timeline.ts'
import { changed, created, deleted, headed } from './steps/unified-diff.ts'
import { amount, contentText, type Fields, fields, isFields, short, text, time, whole } from './stream/fields.ts'

/**
 * `cursor-agent -p --output-format stream-json`, as https://cursor.com/docs/cli/reference/output-format has it. Nobody here could run it,
 * so no recording exists: fields that the page leaves open are read by what they are called elsewhere, and missed without harm.
 */
export const readCursor = (live: Live): TranscriptReader => new Cursor(live)

class Cursor implements TranscriptReader {
  readonly #reading: Reading
  /** Deltas came, so whole messages only repeat them. */
  #partial = false
  #result = ''

  constructor(live: Live) {
    this.#reading = new Reading(live, (event, at) => this.#event(event, time(event.timestamp_ms, at)))
  }

  push(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: Date): void {
    this.#reading.lines.push(stream, bytes, at)
  }

  finish(_sessions: readonly SessionFile[]): Transcript {
    this.#reading.close()
    this.#reading.said ||= this.#reading.timeline.spoken || this.#result
    // On failure there is no last event: the reason is on stderr.
    return this.#reading.transcript({ stderrTells: true })
  }

  #event(event: Fields, at: Date): boolean {
    switch (event.type) {
      case 'system':
        this.#reading.begin()
        return true
      case 'user':
        return true
      case 'assistant':
        this.#assistant(event, at)
        return true
      case 'thinking':
        if (text(event.text)) this.#reading.timeline.sayOn(text(event.text) ?? '', at, thinking)
        return true
      case 'tool_call':
        this.#toolCall(event, at)
        return true
      case 'result':
        this.#end(event)
        return true
      default:
        return event.type === 'connection' || event.type === 'retry'
    }
  }

  /** With `--stream-partial-output` pieces come with a time; then the same again with the id of the model's call, and all of it without a time. */
  #assistant({ message, timestamp_ms, model_call_id }: Fields, at: Date): void {
    const said = contentText(fields(message).content)
    if (timestamp_ms !== undefined && model_call_id === undefined) {
      this.#partial = true
      this.#reading.timeline.sayOn(said, at)
    } else if (!this.#partial) {
      this.#reading.said = short(said) || this.#reading.said
      this.#reading.timeline.say(said, at)
    }
  }

  #toolCall({ subtype, call_id, tool_call }: Fields, at: Date): void {
    const id = text(call_id) ?? ''
    const { call, result } = callOf(fields(tool_call))
    if (subtype === 'started') this.#reading.timeline.open(id, call, at)
    else if (subtype === 'completed' && !this.#reading.timeline.close(id, resultOf(result, call))) this.#reading.orphans += 1
  }

  #end({ is_error, result, usage, subtype }: Fields): void {
    this.#result = short(text(result) ?? '')
    this.#reading.end(is_error ? this.#result || text(subtype) || 'error' : undefined)
    if (!isFields(usage)) return
    this.#reading.count({
      input: amount(usage.inputTokens),
      output: amount(usage.outputTokens),
      cacheRead: amount(usage.cacheReadTokens),
      cacheWrite: amount(usage.cacheWriteTokens),
    })
  }
}

/** One key says which tool: `{shellToolCall: {args, result}}`, or `{function: {name, arguments}}` for one of no special kind. */
function callOf(toolCall: Fields): { readonly call: Call; readonly result: unknown } {
  const key = Object.keys(toolCall).find((each) => each.endsWith('ToolCall') || each === 'function') ?? ''
  const { args, result, name, arguments: given } = fields(toolCall[key])
  if (key === 'function') return { call: { name: text(name) ?? key, input: inputOf(given) }, result }
  const input = fields(args)
  if (key === 'mcpToolCall') {
    const server = text(input.providerIdentifier)
    const tool = text(input.toolName) ?? text(input.name) ?? ''
    return { call: { name: server ? `mcp__${server}__${tool}` : tool, input: fields(input.args) }, result }
  }
  return { call: { name: key.replace(/ToolCall$/, ''), input }, result }
}

function inputOf(given: unknown): Fields {
  if (isFields(given)) return given
  try {
    return fields(JSON.parse(text(given) ?? ''))
  } catch {
    return { arguments: given }
  }
}

/** `{success: {...}}`, or another key for what went wrong. */
function resultOf(result: unknown, { name, input }: Call): Result {
  const { success, ...other } = fields(result)
  const [kind = 'no result', why] = Object.entries(other)[0] ?? []
  const more = fields(success ?? why)
  const output = [text(more.stdout), text(more.stderr)].filter(Boolean).join('\n')
  const exitCode = whole(more.exitCode) ?? null
  if (success === undefined) {
    const said = [text(why), output, text(more.error), text(more.errorMessage), text(more.message), text(more.reason)].find(Boolean)
    return { text: said ?? kind, failed: name !== 'shell' || exitCode === null, exitCode }
  }
  const said = output || [text(more.content), text(more.result), contentText(more.content)].find(Boolean) || ''
  const plain = name === 'shell' || typeof more.content === 'string' || Array.isArray(more.content)
  return { text: said, exitCode, ...(plain ? {} : { value: success }), diff: diffOf(more, text(input.path)) }
}

function diffOf(
  { diffString, beforeFullFileContent, afterFullFileContent, prevContent }: Fields,
  path: string | undefined,
): string | undefined {
  if (path === undefined) return undefined
  if (text(diffString)) return headed({ from: path, to: path }, text(diffString) ?? '') || undefined
  const [before, after] = [text(beforeFullFileContent), text(afterFullFileContent)]
  if (after !== undefined) return before === undefined ? created(path, after) : changed(path, before, after)
  return text(prevContent) === undefined ? undefined : deleted(path, text(prevContent) ?? '')
}
