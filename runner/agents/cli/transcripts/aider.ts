import { decode } from '../../../lib/clip.ts'
import type { SessionFile, Transcript, TranscriptReader } from '../cli.ts'
import { beginsBlock, endsBlock } from './aider-blocks.ts'
import { AiderChat } from './aider-chat.ts'
import { AiderLines } from './aider-lines.ts'
import { type Live, Timeline } from './steps/timeline.ts'
import { short, time } from './stream/fields.ts'
import { Lines } from './stream/lines.ts'

/**
 * `aider --message ... --no-stream --no-pretty`. It prints no events and exits with 0 whatever happens, so its lines are all there is. Who
 * said a line is plain in its chat history, where its own begin with `> `; on stdout a reply of the model is what stands before `Tokens:`,
 * its long lines broken.
 */
export const readAider = (live: Live): TranscriptReader => new Aider(live)

class Aider implements TranscriptReader {
  readonly #timeline: Timeline
  readonly #chat: AiderChat
  readonly #printed: AiderLines
  readonly #lines: Lines
  /** When a line was printed first: the history has no times. */
  readonly #times = new Map<string, Date>()
  #at = new Date()
  #tooLong = 0

  constructor(live: Live) {
    this.#timeline = new Timeline(live)
    this.#chat = new AiderChat((steps, at) => this.#timeline.add(steps, at))
    this.#printed = new AiderLines(this.#chat)
    this.#lines = new Lines(
      (line, at) => this.#line(line.trimEnd(), at),
      () => {
        this.#tooLong += 1
      },
    )
  }

  push(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: Date): void {
    this.#at = at
    if (stream === 'stdout') this.#lines.push(bytes, at)
  }

  finish(sessions: readonly SessionFile[]): Transcript {
    this.#lines.end(this.#at)
    this.#printed.end(false, this.#at)
    const history = this.#readHistory(sessions)
    const { chat, timeline, skipped } = history ?? { chat: this.#chat, timeline: this.#timeline, skipped: this.#printed.skipped }
    // Errors are printed wherever they come from.
    const problem = chat.problem ?? (chat.replies === 0 ? this.#chat.problem : undefined)
    return {
      steps: timeline.finish(),
      response: chat.said,
      ended: problem ? 'failed' : chat.replies > 0 && chat.usage ? 'done' : 'unknown',
      ...(problem ? { problem } : {}),
      ...(chat.usage ? { reported: chat.usage } : {}),
      skipped: skipped + this.#tooLong,
    }
  }

  #line(line: string, at: Date): void {
    if (this.#times.size < 20_000 && line && !this.#times.has(keyOf(line))) this.#times.set(keyOf(line), at)
    this.#printed.line(line, at)
  }

  /** What this run added to the history; undefined when it has nothing of it. */
  #readHistory(sessions: readonly SessionFile[]) {
    const file = sessions.findLast(({ path }) => path.endsWith('.md'))
    if (!file) return undefined
    const timeline = new Timeline(() => {})
    const chat = new AiderChat((steps, at) => timeline.add(steps, at))
    const lines = new AiderLines(chat)
    const runs = decode(file.bytes)
      .split(/^# aider chat started at /m)
      .slice(1)
    let at = this.#at
    for (const run of runs.slice(-Math.max(1, this.#chat.banners))) {
      const [begun = '', ...said] = run.split('\n')
      // Sandboxes keep universal time.
      at = this.#times.values().next().value ?? time(`${begun.trim().replace(' ', 'T')}Z`, this.#at)
      for (const { line, own } of withSpeaker(said)) {
        at = this.#times.get(keyOf(line)) ?? at
        lines.line(line, at, own)
      }
    }
    lines.end(true, at)
    return chat.replies > 0 ? { chat, timeline, skipped: lines.skipped } : undefined
  }
}

/** Lines of a history that are not the user's. Aider's own begin with `> `, as code within a block may. */
function* withSpeaker(lines: readonly string[]): Generator<{ readonly line: string; readonly own: boolean }> {
  let inBlock = false
  for (const each of lines) {
    const line = each.trimEnd()
    if (!inBlock && /^####( |$)/.test(line)) continue
    const own: boolean = !inBlock && /^>( |$)/.test(line)
    inBlock = inBlock ? !endsBlock(line) : !own && beginsBlock(line)
    yield { line: own ? line.slice(2) : line, own }
  }
}

/** A terminal breaks lines: their beginnings are what it shares with a file. */
const keyOf = (line: string): string => short(line.slice(0, 60))
