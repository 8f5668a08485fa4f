import type { Transcript } from '../../cli.ts'
import { EventLines } from '../stream/event-lines.ts'
import type { Fields } from '../stream/fields.ts'
import { type Live, Timeline } from './timeline.ts'

type Reported = NonNullable<Transcript['reported']>

/** What is known of a run so far, whichever CLI it is of. */
export class Reading {
  readonly timeline: Timeline
  readonly lines: EventLines
  ended: Transcript['ended'] = 'unknown'
  problem: string | undefined
  /** Last words of the main agent. */
  said = ''
  /** Results without a call. */
  orphans = 0
  reported: Reported | undefined
  #plain = ''
  #stderr = ''

  /** `event` returns false for one that it does not know. */
  constructor(live: Live, event: (event: Fields, at: Date) => boolean) {
    this.timeline = new Timeline(live)
    this.lines = new EventLines(event, (text, at) => this.timeline.add([{ kind: 'assistant', detail: { text, cut: true } }], at))
  }

  /** A turn begins: one that never says how it ended did not end well. */
  begin(): void {
    this.ended = 'unknown'
    this.problem = undefined
  }

  /** `problem`: why it failed; undefined when it did not. */
  end(problem?: string): void {
    this.ended = problem === undefined ? 'done' : 'failed'
    this.problem = problem
  }

  count(more: Partial<Reported>): void {
    const { input = 0, cacheRead = 0, cacheWrite = 0, output = 0, costUsd = 0 } = this.reported ?? {}
    this.reported = {
      input: input + Math.max(0, more.input ?? 0),
      cacheRead: cacheRead + (more.cacheRead ?? 0),
      cacheWrite: cacheWrite + (more.cacheWrite ?? 0),
      output: output + (more.output ?? 0),
      costUsd: costUsd + (more.costUsd ?? 0),
    }
  }

  /** No more comes from the stream; what session logs say may be merged in now. */
  close(): void {
    const { plain, stderr } = this.lines.end()
    this.timeline.hush()
    this.#plain = plain
    this.#stderr = stderr
  }

  /** After `close`. `steps` where a log has better ones. `stderrTells`: the CLI says there why it failed. */
  transcript({
    sorted = false,
    stderrTells = false,
    steps,
  }: {
    sorted?: boolean
    stderrTells?: boolean
    steps?: Transcript['steps'] | undefined
  } = {}): Transcript {
    // A CLI that was asked for text, or that never began, printed no events.
    const silent = this.lines.events === 0
    const plain = silent ? this.#plain : ''
    if (!steps && this.timeline.isEmpty) this.timeline.say(plain, this.lines.at)
    const problem = this.problem || (this.ended === 'unknown' && (silent || stderrTells) ? this.#stderr : '')
    return {
      steps: steps ?? this.timeline.finish({ sorted }),
      response: this.said || this.timeline.spoken || plain,
      ended: this.ended,
      ...(problem && this.ended !== 'done' ? { problem } : {}),
      ...(this.reported ? { reported: this.reported } : {}),
      skipped: this.lines.skipped + this.orphans,
    }
  }
}
