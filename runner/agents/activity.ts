import { z } from 'zod'
import type { StepBody } from '../domain/step.ts'
import { decode, notice } from '../lib/clip.ts'
import { FrameReader } from '../lib/frames.ts'
import type { Redactor } from '../lib/redact.ts'
import { Output } from './output.ts'

/** How a turn ended in the agent's own words. */
export type Told = {
  readonly response: string
  readonly failed?: { readonly code: z.infer<typeof failedCode>; readonly message: string }
}

/**
 * Makes steps of what the taps in the agent's process report (inside/taps.py), and of what it prints in between. The process is the
 * agent's, so every line may be forged: what has another shape is counted and skipped.
 */
export class Activity {
  told: Told | undefined
  loaded = false
  skipped = 0
  readonly #addStep: (body: StepBody, at?: Date) => void
  readonly #redactor: Redactor
  readonly #output: Output
  readonly #frames = new FrameReader((head, body) => this.#read(head, body))
  /** Begun and not ended, in order. */
  readonly #open = new Map<string, { readonly kind: Kind; readonly detail: Detail; readonly at: Date }>()
  #lastSaid = ''
  #finished = false

  constructor({ addStep, redactor }: { addStep: (body: StepBody, at?: Date) => void; redactor: Redactor }) {
    this.#addStep = addStep
    this.#redactor = redactor
    this.#output = new Output(redactor, maxSaid)
  }

  push(bytes: Uint8Array): void {
    if (!this.#finished) this.#frames.push(bytes)
  }

  hear(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    if (!this.#finished) this.#output.push(stream, bytes)
  }

  /** The end of what the process printed. */
  lastWords(): string {
    this.#speak()
    return this.#lastSaid.slice(-4096)
  }

  /** No more comes: what had no end when the process was killed becomes a step all the same. */
  finish(lost: number): void {
    this.#output.end(lost)
    for (const id of [...this.#open.keys()]) this.#end(id, {})
    this.#speak()
    this.#finished = true
  }

  #read(head: unknown, body: Uint8Array): void {
    const line = lineShape.safeParse(head)
    if (!line.success) {
      this.skipped += 1
      return
    }
    const { data } = line
    if (data.t === 'begin') this.#begin(data)
    else if (data.t === 'end') this.#end(data.id, data.detail)
    else if (data.t === 'drop') this.#open.delete(data.id)
    else if (data.t === 'loaded') this.loaded = true
    else if (data.t === 'more') this.#addStep({ kind: 'assistant', detail: { text: notShown(data.kind), cut: true } })
    else if (data.t === 'result') this.told ??= { response: this.#response(body, data) }
    else
      this.told ??= {
        response: this.#joined(data.traceback ?? data.message),
        failed: { code: data.code, message: this.#redactor.redact(data.message) },
      }
  }

  #begin({ id, kind, detail }: { id: string; kind: Kind; detail: Detail }): void {
    this.#speak()
    if (this.#open.size < maxOpen) this.#open.set(id, { kind, detail, at: new Date() })
    else this.skipped += 1
  }

  #end(id: string, more: Detail): void {
    const begun = this.#open.get(id)
    if (!begun) return
    this.#open.delete(id)
    const body = this.#toStep(begun.kind, { ...begun.detail, ...more })
    if (body) this.#addStep(body, begun.at)
    else this.skipped += 1
  }

  #toStep(kind: Kind, detail: Detail): StepBody | undefined {
    if (kind === 'shell') return this.#toShell(detail)
    if (kind === 'edit') {
      const { success, data } = shapes.edit.safeParse(detail)
      return success ? { kind, detail: { path: data.path, ...this.#named('diff', data.diff) } } : undefined
    }
    if (kind === 'read') {
      const { success, data } = shapes.read.safeParse(detail)
      return success ? { kind, detail: data } : undefined
    }
    const { success, data } = shapes.network.safeParse(detail)
    return success ? { kind, detail: defined(data) } : undefined
  }

  /** A command that shares the agent's own stdout is shown with what came out of it meanwhile. */
  #toShell(detail: Detail): StepBody | undefined {
    const { success, data } = shapes.shell.safeParse(detail)
    if (!success) return undefined
    const inherited = data.inherits && data.output === undefined ? this.#output.take() : undefined
    const output = inherited?.text
      ? { output: inherited.text, ...(inherited.cut ? { cut: true } : {}) }
      : this.#named('output', data.output)
    return { kind: 'shell', detail: { command: this.#joined(data.command), exit_code: data.exit_code ?? null, ...output } }
  }

  #speak(): void {
    const { text, cut } = this.#output.take()
    if (!text.trim()) return
    this.#lastSaid = text
    this.#addStep({ kind: 'assistant', detail: { text, ...(cut ? { cut } : {}) } })
  }

  #named<Name extends string>(name: Name, piece: Piece | undefined) {
    if (piece === undefined) return {}
    return { [name]: this.#joined(piece), ...(typeof piece === 'string' ? {} : { cut: true }) } as { [Key in Name]: string } & {
      cut?: boolean
    } // a computed key widens to string
  }

  /** Both sides of a cut are redacted before they meet, for part of a secret may be left at either. */
  #joined(piece: Piece): string {
    if (typeof piece === 'string') return this.#redactor.redact(piece)
    return this.#redactor.redact(piece.head, { end: true }) + notice(piece.lost) + this.#redactor.redact(piece.tail, { start: true })
  }

  #response(body: Uint8Array, { head, lost }: { head?: number | undefined; lost?: number | undefined }): string {
    if (!head || !lost) return this.#joined(decode(body))
    return this.#joined({ head: decode(body.subarray(0, head)), tail: decode(body.subarray(head)), lost })
  }
}

const notShown = (kind: Kind) => `[... more ${kind} steps than a trajectory holds; what follows is left out ...]`

const maxSaid = 16 * 1024
const maxOpen = 2000

const whole = z.number().int().nonnegative()
const piece = z.union([z.string(), z.object({ head: z.string(), tail: z.string(), lost: whole })])
type Piece = z.infer<typeof piece>
const kind = z.enum(['shell', 'edit', 'read', 'network'])
type Kind = z.infer<typeof kind>
const detail = z.record(z.string(), z.unknown())
type Detail = z.infer<typeof detail>
const id = z.string().max(64)
const failedCode = z.enum(['agent_entrypoint_invalid', 'agent_exception', 'agent_response_invalid'])

const lineShape = z.discriminatedUnion('t', [
  z.object({ t: z.literal('begin'), id, kind, detail }),
  z.object({ t: z.literal('end'), id, detail }),
  z.object({ t: z.literal('drop'), id }),
  z.object({ t: z.literal('loaded') }),
  z.object({ t: z.literal('more'), kind }),
  z.object({ t: z.literal('result'), head: whole.optional(), lost: whole.optional() }),
  z.object({ t: z.literal('failed'), code: failedCode, message: z.string(), traceback: piece.optional() }),
])
const shapes = {
  shell: z.object({ command: piece, inherits: z.boolean().optional(), output: piece.optional(), exit_code: z.number().int().nullish() }),
  edit: z.object({ path: z.string(), diff: piece.optional() }),
  read: z.object({ path: z.string() }),
  network: z.object({
    host: z.string(),
    port: whole.max(65_535).optional(),
    method: z.string().optional(),
    url: z.string().optional(),
    status: whole.max(999).optional(),
  }),
}

/** Without the keys that are undefined: `exactOptionalPropertyTypes` tells the two apart. */
function defined<T extends Record<string, unknown>>(value: T) {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>
  } // fromEntries forgets the keys
}
