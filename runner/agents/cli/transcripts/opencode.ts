import type { SessionFile, Transcript, TranscriptReader } from '../cli.ts'
import type { Result } from './steps/call.ts'
import { Reading } from './steps/reading.ts'
import { type Live, thinking } from './steps/timeline.ts'
import { headed } from './steps/unified-diff.ts'
import { amount, type Fields, fields, short, text, time, whole } from './stream/fields.ts'

/** `opencode run --format json`. Its stream has all that its storage has. */
export const readOpencode = (live: Live): TranscriptReader => new Opencode(live)

class Opencode implements TranscriptReader {
  readonly #reading: Reading

  constructor(live: Live) {
    this.#reading = new Reading(live, (event, at) => this.#event(event, at))
  }

  push(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: Date): void {
    this.#reading.lines.push(stream, bytes, at)
  }

  finish(_sessions: readonly SessionFile[]): Transcript {
    this.#reading.close()
    // A call is reported when it ends; when it began is in it.
    return this.#reading.transcript({ sorted: true })
  }

  #event({ type, timestamp, part, error }: Fields, receivedAt: Date): boolean {
    const more = fields(part)
    const at = time(fields(more.time).start, time(timestamp, receivedAt))
    switch (type) {
      case 'step_start':
        this.#reading.begin()
        return true
      case 'text':
        this.#reading.said = short(text(more.text) ?? '') || this.#reading.said
        this.#reading.timeline.say(text(more.text) ?? '', at)
        return true
      case 'reasoning':
        if (text(more.text)?.trim()) this.#reading.timeline.say(thinking + text(more.text), at)
        return true
      case 'tool_use':
        this.#tool(more, at)
        return true
      case 'step_finish':
        this.#finishStep(more)
        return true
      case 'error':
        this.#reading.end(short(text(fields(fields(error).data).message) ?? text(fields(error).name) ?? 'error'))
        return true
      default:
        return false
    }
  }

  /** One event a call, when it is over. */
  #tool({ tool, callID, state }: Fields, at: Date): void {
    const { input, status, time: times } = fields(state)
    const id = text(callID) ?? ''
    this.#reading.timeline.open(id, { name: text(tool) ?? '', input: fields(input) }, time(fields(times).start, at))
    if (status === 'completed' || status === 'error') this.#reading.timeline.close(id, resultOf(fields(state)))
  }

  #finishStep({ reason, tokens, cost }: Fields): void {
    if (reason === 'stop') this.#reading.end()
    const { input, output, reasoning, cache } = fields(tokens)
    this.#reading.count({
      input: amount(input),
      output: amount(output) + amount(reasoning),
      cacheRead: amount(fields(cache).read),
      cacheWrite: amount(fields(cache).write),
      costUsd: amount(cost),
    })
  }
}

function resultOf({ status, output, error, metadata, input }: Fields): Result {
  if (status === 'error') return { text: text(error) ?? '', failed: true, exitCode: null }
  const { diff, exit, exists } = fields(metadata)
  const path = text(fields(input).filePath)
  return {
    text: text(output) ?? '',
    exitCode: whole(exit) ?? null,
    overwrites: exists === true,
    diff: path !== undefined && text(diff) ? headed({ from: path, to: path }, text(diff) ?? '') || undefined : undefined,
  }
}
