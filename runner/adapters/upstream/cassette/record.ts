import type { Answer } from '../send.ts'
import { keep } from './answer.ts'
import type { Question } from './question.ts'
import { questionsOf, remove, type Shelf, slotsOf, writeAnswer } from './shelf.ts'

/** `n` is taken when the question is asked, so that questions at the same time keep their order. */
export type Place = { readonly run: string; readonly question: Question; readonly n: number }

/** Writes answers to a shelf. Of a run that is recorded again, or tried again, only the last attempt stays. */
export class Recorder {
  readonly #shelf: Shelf
  /** Run without its attempt -> answers on the shelf. */
  #written: Promise<Map<string, { readonly id: string; readonly file: string }[]>> | undefined
  readonly #begun = new Map<string, Promise<void>>()
  readonly #counts = new Map<string, number>()

  constructor(folder: string) {
    this.#shelf = { folder }
  }

  async place(run: string, question: Question): Promise<Place> {
    const key = `${run} ${question.id}`
    const n = this.#counts.get(key) ?? 0
    this.#counts.set(key, n + 1)
    const begun = this.#begun.get(run) ?? this.#begin(run)
    this.#begun.set(run, begun)
    await begun
    return { run, question, n }
  }

  /** Nothing is written when the answer is not whole. Throws `records_unwritable`. */
  async write({ run, question, n }: Place, answer: Pick<Answer, 'status' | 'headers'>, body: Uint8Array, redact: (text: string) => string) {
    const kept = keep({ run, ...answer }, body, redact)
    if (!kept) return
    const file = await writeAnswer(this.#shelf, question, n, kept, redact)
    const written = await this.#index()
    written.set(firstAttempt(run), [...(written.get(firstAttempt(run)) ?? []), { id: question.id, file }])
  }

  async #begin(run: string): Promise<void> {
    const written = await this.#index()
    const earlier = written.get(firstAttempt(run)) ?? []
    written.delete(firstAttempt(run))
    for (const { id, file } of earlier) await remove(this.#shelf, id, file)
  }

  #index() {
    this.#written ??= indexOf(this.#shelf)
    return this.#written
  }
}

async function indexOf(shelf: Shelf) {
  const written = new Map<string, { readonly id: string; readonly file: string }[]>()
  for (const id of await questionsOf(shelf))
    for (const { run, file } of await slotsOf(shelf, id))
      written.set(firstAttempt(run), [...(written.get(firstAttempt(run)) ?? []), { id, file }])
  return written
}

/** `~n` at the end of a run's id names its attempt. */
export const firstAttempt = (run: string): string => run.replace(/~\d+$/, '')
