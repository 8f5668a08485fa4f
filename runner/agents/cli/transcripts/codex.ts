import type { SessionFile, Transcript, TranscriptReader } from '../cli.ts'
import { codexUsage, itemSteps } from './codex-items.ts'
import { readRollout } from './codex-rollout.ts'
import { Reading } from './steps/reading.ts'
import { type Live, thinking } from './steps/timeline.ts'
import { type Fields, fields, isFields, short, text } from './stream/fields.ts'

/** `codex exec --json`, and its rollouts below ~/.codex/sessions, which say more: diffs, what a command was for, calls that failed, times. */
export const readCodex = (live: Live): TranscriptReader => new Codex(live)

class Codex implements TranscriptReader {
  readonly #reading: Reading
  /** Item ids begin anew with each run of the CLI. */
  #run = 0
  #thread: string | undefined
  #turns = 0
  /** Counts go on over all turns of a thread. */
  readonly #usage = new Map<string, ReturnType<typeof codexUsage>>()

  constructor(live: Live) {
    this.#reading = new Reading(live, (event, at) => this.#event(event, at))
  }

  push(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: Date): void {
    this.#reading.lines.push(stream, bytes, at)
  }

  finish(sessions: readonly SessionFile[]): Transcript {
    const reading = this.#reading
    reading.close()
    const rollout = readRollout(sessions, { thread: this.#thread, turns: Math.max(1, this.#turns), otherwise: reading.lines.at })
    for (const usage of rollout?.usage?.map(codexUsage) ?? this.#usage.values()) reading.count(usage)
    reading.said ||= rollout?.said ?? ''
    return reading.transcript({ steps: rollout?.finish(reading.timeline.slots) })
  }

  #event(event: Fields, at: Date): boolean {
    switch (event.type) {
      case 'thread.started':
        this.#run += 1
        this.#thread = text(event.thread_id)?.slice(0, 200)
        return true
      case 'turn.started':
        this.#turns += 1
        this.#reading.begin()
        return true
      case 'turn.completed':
        this.#reading.end()
        if (isFields(event.usage)) this.#usage.set(this.#thread ?? '', codexUsage(event.usage))
        return true
      case 'turn.failed':
        this.#reading.end(short(text(fields(event.error).message) ?? 'turn failed'))
        return true
      case 'error':
        // Also said before each new attempt.
        this.#reading.problem = short(text(event.message) ?? '')
        return true
      case 'item.started':
      case 'item.updated':
      case 'item.completed':
        return this.#item(fields(event.item), event.type === 'item.completed', at)
      default:
        return false
    }
  }

  #item(item: Fields, completed: boolean, at: Date): boolean {
    const type = text(item.type) ?? ''
    // A warning of the CLI, no doing of the agent.
    if (type === 'error') return true
    if (type === 'agent_message' || type === 'reasoning') {
      if (!completed) return true
      const said = text(item.text) ?? ''
      if (type === 'agent_message' && said.trim()) this.#reading.said = short(said)
      this.#reading.timeline.say(type === 'reasoning' ? thinking + said : said, at, type)
      return true
    }
    const steps = itemSteps(type, item)
    if (!steps) return false
    const id = `${this.#run}:${text(item.id) ?? ''}`
    if (completed) this.#reading.timeline.settle(id, steps, at, type)
    else this.#reading.timeline.begin(id, steps, at, type)
    return true
  }
}
