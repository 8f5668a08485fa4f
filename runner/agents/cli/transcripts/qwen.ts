import type { SessionFile, Transcript, TranscriptReader } from '../cli.ts'
import { amendment, shellReport } from './gemini-results.ts'
import { MessageEvents } from './message-events.ts'
import type { Result } from './steps/call.ts'
import { Reading } from './steps/reading.ts'
import type { Live } from './steps/timeline.ts'
import { amount, type Fields, fields, list, short, text, time } from './stream/fields.ts'
import { eventsOf } from './stream/session-log.ts'

/** `qwen -o stream-json`: events like Claude Code's, tools like Gemini's. Its logs below ~/.qwen/projects add diffs and times. */
export const readQwen = (live: Live): TranscriptReader => new Qwen(live)

class Qwen implements TranscriptReader {
  readonly #reading: Reading
  readonly #messages: MessageEvents

  constructor(live: Live) {
    this.#reading = new Reading(live, (event, at) => this.#event(event, at))
    this.#messages = new MessageEvents(this.#reading, qwenResult)
  }

  push(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: Date): void {
    this.#reading.lines.push(stream, bytes, at)
  }

  finish(sessions: readonly SessionFile[]): Transcript {
    this.#reading.close()
    this.#merge(sessions)
    return this.#reading.transcript()
  }

  #event(event: Fields, at: Date): boolean {
    switch (event.type) {
      case 'assistant':
        this.#messages.assistant(event, at)
        return true
      case 'user':
        this.#messages.user(event)
        return true
      case 'result':
        this.#end(event)
        return true
      case 'system':
        if (event.subtype === 'init') this.#reading.begin()
        return true
      default:
        return event.type === 'stream_event'
    }
  }

  #end({ is_error, error, usage, result }: Fields): void {
    this.#reading.end(is_error ? short(text(fields(error).message) ?? text(result) ?? '') : undefined)
    const { input_tokens, output_tokens, cache_read_input_tokens } = fields(usage)
    // As OpenAI counts: input includes what came from a cache.
    const cacheRead = amount(cache_read_input_tokens)
    this.#reading.count({ input: amount(input_tokens) - cacheRead, cacheRead, output: amount(output_tokens) })
  }

  #merge(sessions: readonly SessionFile[]): void {
    const logs = sessions.filter(({ path }) => path.endsWith('.jsonl')).map(eventsOf)
    if (this.#reading.timeline.isEmpty) this.#readLog(logs.findLast((log) => log.some(({ type }) => type === 'assistant')) ?? [])
    for (const { toolCallResult, message } of logs.flat()) {
      const { callId, resultDisplay } = fields(toolCallResult)
      if (text(callId) !== undefined) this.#reading.timeline.amend(text(callId) ?? '', amendment(resultDisplay, reportOf(message)))
    }
  }

  /** Where the stream told nothing: what was done since the last prompt. */
  #readLog(log: readonly Fields[]): void {
    for (const { type, message, timestamp, toolCallResult } of log.slice(log.findLastIndex(({ type }) => type === 'user') + 1)) {
      const at = time(timestamp, this.#reading.lines.at)
      if (type === 'assistant') this.#messages.assistant({ message: { content: list(fields(message).parts).map(blockOf) } }, at)
      const { callId, status } = fields(toolCallResult)
      if (text(callId) !== undefined) this.#reading.timeline.close(text(callId) ?? '', qwenResult(reportOf(message), status === 'error'))
    }
  }
}

/** A part of Gemini's as a block of the Messages API. */
function blockOf(part: unknown): Fields {
  const { text: said, thought, functionCall } = fields(part)
  if (functionCall === undefined) return thought === true ? { type: 'thinking', thinking: said } : { type: 'text', text: said }
  const { id, name, args } = fields(functionCall)
  return { type: 'tool_use', id, name, input: args }
}

const reportOf = (message: unknown): string =>
  list(fields(message).parts)
    .map((part) => fields(fields(fields(part).functionResponse).response))
    .flatMap(({ output, error }) => text(error) ?? text(output) ?? [])
    .join('\n')

/** Of a command that failed comes a report, of one that went well its output alone. */
function qwenResult(content: string, isError: boolean): Result {
  const report = /^Command: /.test(content) ? shellReport(content) : undefined
  if (report) return { text: report.output, failed: isError, exitCode: report.exitCode }
  return { text: content, failed: isError, exitCode: isError ? null : 0, overwrites: content.startsWith('Successfully overwrote') }
}
