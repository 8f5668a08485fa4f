import type { BlobRef, Json } from '../domain/blob.ts'
import type { Run } from '../domain/plan.ts'
import type { Step, StepBody } from '../domain/step.ts'
import { clip } from '../lib/clip.ts'
import type { Redactor } from '../lib/redact.ts'
import type { Blobs } from '../seams/records.ts'
import type { Watch } from '../seams/watch.ts'

export const recorderLimits = { steps: 2000, bytes: 4 * 1024 * 1024, text: 20 * 1024, name: 4096 }

type Recording = { readonly run: Run; readonly redactor: Redactor; readonly watch: Watch }

/** The trajectory of a run, kept while it lives, so that a killed run has it too. Nothing gets in unredacted or unbounded. */
export class Recorder {
  readonly #recording: Recording
  readonly #lines: string[] = []
  readonly #perTurn = new Map<string, number>()
  #bytes = 0
  #dropped = 0
  readonly #shown = new Set<string>()

  constructor(recording: Recording) {
    this.#recording = recording
  }

  add(turn: string, body: StepBody, at: Date = new Date()): void {
    if (this.#lines.length >= recorderLimits.steps || this.#bytes >= recorderLimits.bytes) {
      this.#dropped += 1
      return
    }
    this.#keep({ at: at.toISOString(), turn, ...bounded(body, this.#recording.redactor) })
  }

  /** Shown to those who watch, and not kept: what is kept of this turn later is not shown a second time. */
  show(turn: string, body: StepBody, at: Date = new Date()): void {
    this.#shown.add(turn)
    const { run, redactor, watch } = this.#recording
    watch({ at: 'step', run, step: { at: at.toISOString(), turn, ...bounded(body, redactor) } })
  }

  steps(turn: string): number {
    return this.#perTurn.get(turn) ?? 0
  }

  /** JSON Lines, and what had to be left out. */
  async finish(blobs: Blobs): Promise<{ steps: BlobRef; warnings: readonly string[] }> {
    const warnings =
      this.#dropped > 0 ? [`${this.#dropped} steps are not in the trajectory: it holds at most ${recorderLimits.steps} and 4 MiB.`] : []
    const [turn] = [...this.#perTurn.keys()].slice(-1)
    for (const text of warnings)
      this.#keep({ at: new Date().toISOString(), turn: turn ?? '', kind: 'assistant', detail: { text, cut: true } })
    return { steps: await blobs.put(encoded(this.#lines), 'trajectory.jsonl'), warnings }
  }

  #keep(step: Step): void {
    const line = `${JSON.stringify(step)}\n`
    this.#lines.push(line)
    this.#bytes += Buffer.byteLength(line)
    this.#perTurn.set(step.turn, this.steps(step.turn) + 1)
    if (!this.#shown.has(step.turn)) this.#recording.watch({ at: 'step', run: this.#recording.run, step })
  }
}

async function* encoded(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const line of lines) yield Buffer.from(line)
}

function bounded(body: StepBody, redactor: Redactor): StepBody {
  let cut = false
  const text = (value: string, limit = recorderLimits.text) => {
    const clipped = clip(redactor.redact(value).toWellFormed(), limit)
    cut ||= clipped.cut
    return clipped.text
  }
  const name = (value: string) => text(value, recorderLimits.name)
  const marked = <T extends object>(detail: T) => (cut ? { ...detail, cut } : detail)
  switch (body.kind) {
    case 'assistant':
      return { ...body, detail: marked({ ...body.detail, text: text(body.detail.text) }) }
    case 'shell': {
      const { command, output } = body.detail
      return {
        ...body,
        detail: marked({ ...body.detail, command: text(command), ...(output === undefined ? {} : { output: text(output) }) }),
      }
    }
    case 'edit': {
      const { path, diff } = body.detail
      return { ...body, detail: marked({ ...body.detail, path: name(path), ...(diff === undefined ? {} : { diff: text(diff) }) }) }
    }
    case 'tool':
      return { ...body, detail: { ...body.detail, name: name(body.detail.name), ...values(body.detail, text) } }
    case 'read':
    case 'search':
      return { ...body, detail: mapTexts(body.detail, name) }
    case 'network':
      return { ...body, detail: mapTexts(body.detail, name) }
  }
}

/** JSON of any shape stays as it is when it is small, and becomes text when it is not. */
function values({ arguments: given, result }: { arguments: Json; result?: Json }, text: (value: string) => string) {
  const small = (value: Json): Json => {
    const shown = text(JSON.stringify(value))
    try {
      // Parsed from JSON text, so it is Json.
      return JSON.parse(shown) as Json
    } catch {
      return shown
    }
  }
  return { arguments: small(given), ...(result === undefined ? {} : { result: small(result) }) }
}

function mapTexts<T extends object>(detail: T, change: (value: string) => string): T {
  const changed = Object.entries(detail).map(([key, value]) => [key, typeof value === 'string' ? change(value) : value])
  return Object.fromEntries(changed) as T // the same keys, texts for texts
}
