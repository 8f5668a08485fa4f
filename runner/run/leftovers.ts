import { readable } from '../lib/globs.ts'
import type { LeftOut } from '../lib/tree-tar.ts'

const shown = 10

/** What an agent left that no diff shows and no grading sees, named as briefly as is honest. */
export class Leftovers {
  #caches = 0
  readonly #others = new Map<string, LeftOut>()
  #more = 0

  add(path: string, why: LeftOut): void {
    if (why === 'byte-code cache') this.#caches += 1
    else if (why === 'nested .git') this.#repository(path)
    else this.#other(path, why)
  }

  named(): string[] {
    return [
      ...Array.from(this.#others, ([path, why]) => `${readable(path)} (${why})`),
      ...(this.#more > 0 ? [`and ${this.#more} more of these`] : []),
      ...(this.#caches > 0 ? [`${this.#caches} ${this.#caches === 1 ? 'file' : 'files'} of byte-code caches`] : []),
    ]
  }

  /** The workspace's own .git is always there, and is no news. */
  #repository(path: string): void {
    const parts = path.split('/')
    const at = parts.findIndex((part) => part.toLowerCase() === '.git')
    const isOwn = at === 0 && parts[0] === '.git' && parts.length > 1
    if (!isOwn) this.#other(parts.slice(0, at + 1).join('/'), 'nested .git')
  }

  #other(path: string, why: LeftOut): void {
    if (this.#others.has(path)) return
    if (this.#others.size < shown) this.#others.set(path, why)
    else this.#more += 1
  }
}
