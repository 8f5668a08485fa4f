import type { Recorded } from './answer.ts'
import { firstAttempt } from './record.ts'
import { readAnswer, type Shelf, type Slot, slotsOf } from './shelf.ts'

/** Takes answers from a shelf. */
export class Player {
  readonly shelf: Shelf
  readonly #slots = new Map<string, Promise<readonly Slot[]>>()
  readonly #asked = new Map<string, number>()

  constructor(folder: string) {
    this.shelf = { folder }
  }

  /**
   * The answers that this run got, in their order, whatever its attempt is. A run that asks more often, or was not recorded, gets those of other
   * runs in turn; when there are none, its own last one again. Undefined when nobody asked this.
   */
  async next(run: string, id: string): Promise<Recorded | undefined> {
    const slots = await this.#slotsOf(id)
    const own = slots.filter((slot) => firstAttempt(slot.run) === firstAttempt(run))
    const others = slots.filter((slot) => !own.includes(slot))
    const mine = own[this.#count(`${run} ${id}`)]
    if (mine) return readAnswer(this.shelf, id, mine)
    const other = others.length === 0 ? own.at(-1) : others[this.#count(id) % others.length]
    return other && readAnswer(this.shelf, id, other)
  }

  #slotsOf(id: string) {
    const slots = this.#slots.get(id) ?? slotsOf(this.shelf, id)
    this.#slots.set(id, slots)
    return slots
  }

  #count(key: string): number {
    const before = this.#asked.get(key) ?? 0
    this.#asked.set(key, before + 1)
    return before
  }
}
