import type { SessionFile, Transcript, TranscriptReader } from '../cli.ts'
import { amendment } from './gemini-results.ts'
import { geminiMessages, type RecordedCall } from './gemini-session.ts'
import { Reading } from './steps/reading.ts'
import { type Live, thinking } from './steps/timeline.ts'
import { amount, type Fields, fields, short, text, time } from './stream/fields.ts'

/** `gemini -o stream-json`, and its logs below ~/.gemini/tmp, which alone know exit codes and diffs. */
export const readGemini = (live: Live): TranscriptReader => new Gemini(live)

class Gemini implements TranscriptReader {
  readonly #reading: Reading

  constructor(live: Live) {
    this.#reading = new Reading(live, (event, at) => this.#event(event, time(event.timestamp, at)))
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
      case 'init':
        this.#reading.begin()
        return true
      case 'message':
        if (event.role !== 'assistant' || event.delta !== true) this.#reading.timeline.hush()
        if (event.role === 'assistant') this.#reading.timeline.sayOn(text(event.content) ?? '', at)
        return true
      case 'tool_use':
        this.#reading.timeline.open(text(event.tool_id) ?? '', { name: text(event.tool_name) ?? '', input: fields(event.parameters) }, at)
        return true
      case 'tool_result':
        this.#result(event)
        return true
      case 'result':
        this.#end(event)
        return true
      case 'error':
        // A warning; how it ends is said by `result`.
        return true
      default:
        return false
    }
  }

  /** `status` tells whether the tool worked, not whether its command did; that is in the session log alone. */
  #result({ tool_id, status, output, error }: Fields): void {
    const failed = status === 'error'
    const said = failed ? (text(fields(error).message) ?? text(output)) : text(output)
    if (!this.#reading.timeline.close(text(tool_id) ?? '', { text: said ?? '', failed, exitCode: null })) this.#reading.orphans += 1
  }

  #end({ status, error, stats }: Fields): void {
    this.#reading.end(status === 'success' ? undefined : short(text(fields(error).message) ?? text(status) ?? ''))
    const { input_tokens, output_tokens, total_tokens, cached } = fields(stats)
    this.#reading.count({
      input: amount(input_tokens) - amount(cached),
      cacheRead: amount(cached),
      // Only the total has the tokens of thinking.
      output: Math.max(amount(output_tokens), amount(total_tokens) - amount(input_tokens)),
    })
  }

  #merge(sessions: readonly SessionFile[]): void {
    const fromLogAlone = this.#reading.timeline.isEmpty
    for (const { said, thoughts, calls, at } of geminiMessages(sessions, fromLogAlone)) {
      const began = time(at, this.#reading.lines.at)
      if (fromLogAlone) {
        for (const thought of thoughts) this.#reading.timeline.say(thinking + thought, began)
        this.#reading.timeline.say(said, began)
        if (said.trim()) this.#reading.said = short(said)
      }
      for (const call of calls) this.#mergeCall(call, began, fromLogAlone)
    }
  }

  #mergeCall({ id, name, input, failed, report, display }: RecordedCall, at: Date, fromLogAlone: boolean): void {
    if (fromLogAlone) this.#reading.timeline.open(id, { name, input }, at)
    const shown = text(display) ?? ''
    this.#reading.timeline.close(id, { text: failed ? report || shown : shown || report, failed, exitCode: null })
    this.#reading.timeline.amend(id, amendment(display, report))
  }
}
