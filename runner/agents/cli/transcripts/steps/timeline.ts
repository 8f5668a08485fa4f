import type { StepBody } from '../../../../domain/step.ts'
import { Ends } from '../../../../lib/clip.ts'
import type { Transcript } from '../../cli.ts'
import { fields, maxText, short, toJson } from '../stream/fields.ts'
import { bounded, weight } from './bounded.ts'
import type { Call, Result } from './call.ts'
import { stepsOf } from './steps-of.ts'

export type Live = (step: StepBody, at: Date) => void
/** `tag`: what a reader tells its slots apart by. */
export type Slot = { readonly at: Date; bodies: readonly StepBody[]; tag: string | undefined }

/** How a model's thinking is told apart from what it says. */
export const thinking = '[thinking] '

const maxSteps = 4000
const maxWeight = 16 * 1024 * 1024

/**
 * The steps of a run, in the order in which they began: a call takes its place when it is made and is filled in when its result comes, so
 * calls beside each other keep their order. `live` hears each step once, when it is whole; what never ends is in `steps` alone.
 */
export class Timeline {
  readonly #live: Live
  readonly #slots: Slot[] = []
  readonly #open = new Map<string, { readonly slot: Slot; readonly call: Call | undefined }>()
  readonly #closed = new Map<string, Slot>()
  #saying: { readonly at: Date; readonly slot: Slot; readonly ends: Ends; readonly mark: string } | undefined
  /** What was last said in pieces, and marked as nothing else. */
  spoken = ''
  #weight = 0
  #dropped = 0

  constructor(live: Live) {
    this.#live = live
  }

  get slots(): readonly Slot[] {
    return this.#slots
  }

  get isEmpty(): boolean {
    return this.#slots.length === 0
  }

  add(bodies: readonly StepBody[], at: Date, tag?: string): void {
    this.hush()
    const slot = this.#place(at, tag)
    if (slot) this.#fill(slot, bodies)
  }

  /** All of what the model said at once. */
  say(text: string, at: Date, tag?: string): void {
    if (text.trim()) this.add([{ kind: 'assistant', detail: { text } }], at, tag)
  }

  /** One piece of what the model is saying; it goes on until something else happens. `mark` says what kind of talk it is. */
  sayOn(text: string, at: Date, mark = ''): void {
    if (this.#saying?.mark !== mark) this.hush()
    if (!this.#saying) {
      if (!text) return
      const slot = this.#place(at)
      if (!slot) return
      this.#saying = { at, slot, ends: new Ends(maxText), mark }
    }
    this.#saying.ends.push(text)
  }

  /** Whatever was being said is said. */
  hush(): void {
    if (!this.#saying) return
    const { slot, ends, mark } = this.#saying
    this.#saying = undefined
    const { text, cut } = ends.take()
    if (!text.trim()) return
    if (!mark) this.spoken = text
    this.#fill(slot, [{ kind: 'assistant', detail: { text: mark + text, ...(cut ? { cut } : {}) } }])
  }

  /** A call takes its place. */
  open(id: string, { name, input }: Call, at: Date): void {
    // A copy: the line that it came in may be a thousand times larger than what is shown of it.
    const call = { name: short(name.slice(0, 256)), input: fields(toJson(input)) }
    this.begin(id, stepsOf(call), at, undefined, call)
  }

  /** False: nobody made this call, or it has its result. */
  close(id: string, result: Result): boolean {
    const call = this.#open.get(keyOf(id))?.call
    if (!call) return false
    this.settle(id, stepsOf(call, result))
    return true
  }

  /** As `open`, for what a reader makes steps of by itself: `bodies` are shown if no more is heard of it. */
  begin(id: string, bodies: readonly StepBody[], at: Date, tag?: string, call?: Call): void {
    if (this.#open.has(keyOf(id)) && !call) return
    this.hush()
    const slot = this.#place(at, tag)
    if (!slot) return
    this.#write(slot, bodies)
    this.#open.set(keyOf(id), { slot, call })
  }

  /** As `close`; takes a place now when it has none. */
  settle(id: string, bodies: readonly StepBody[], at = new Date(), tag?: string): void {
    this.hush()
    const slot = this.#open.get(keyOf(id))?.slot ?? this.#place(at, tag)
    if (!slot) return
    this.#open.delete(keyOf(id))
    this.#closed.set(keyOf(id), slot)
    slot.tag = tag
    this.#fill(slot, bodies)
  }

  /** What an open call is shown as if no more is heard of it. */
  sketch(id: string, bodies: readonly StepBody[]): void {
    const slot = this.#open.get(keyOf(id))?.slot
    if (slot) this.#write(slot, bodies)
  }

  /** What a session log knows better about a call that has its result already. */
  amend(id: string, change: (body: StepBody) => readonly StepBody[]): void {
    const slot = this.#closed.get(keyOf(id))
    if (slot)
      this.#write(
        slot,
        slot.bodies.flatMap((body) => change(body)),
      )
  }

  /** In order; `sorted` by time where a CLI reports calls as they end. */
  finish({ sorted = false } = {}): Transcript['steps'] {
    this.hush()
    const slots = sorted ? this.#slots.toSorted((a, b) => a.at.getTime() - b.at.getTime()) : this.#slots
    const steps = slots.flatMap(({ at, bodies }) => bodies.map((body) => ({ at, body })))
    if (this.#dropped === 0) return steps
    const text = `[... ${this.#dropped.toLocaleString('en-US')} more steps are left out ...]`
    return [...steps, { at: slots.at(-1)?.at ?? new Date(0), body: { kind: 'assistant', detail: { text, cut: true } } }]
  }

  #place(at: Date, tag?: string): Slot | undefined {
    if (this.#slots.length >= maxSteps || this.#weight >= maxWeight) {
      this.#dropped += 1
      return undefined
    }
    const slot: Slot = { at, bodies: [], tag }
    this.#slots.push(slot)
    return slot
  }

  #fill(slot: Slot, bodies: readonly StepBody[]): void {
    this.#write(slot, bodies)
    for (const body of slot.bodies) this.#live(body, slot.at)
  }

  #write(slot: Slot, bodies: readonly StepBody[]): void {
    // One patch can name thousands of files.
    slot.bodies = bodies.slice(0, 200).map((body) => bounded(body))
    for (const body of slot.bodies) this.#weight += weight(body)
  }
}

const keyOf = (id: string): string => (id.length > 200 ? short(id.slice(0, 200)) : id)
