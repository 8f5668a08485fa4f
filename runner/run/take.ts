import { ProctorError } from '../domain/error.ts'
import { coalesce } from '../lib/coalesce.ts'
import { Spool } from '../lib/spool.ts'
import { type LeftOut, scanPaths, scanTree, type TreeMode, type TreeVisitor } from '../lib/tree-tar.ts'
import { encodeMore, encodeWork, type WorkEntry, workChunk } from '../lib/work.ts'
import type { Baseline, TreeEntry } from '../seams/trees.ts'
import { Leftovers } from './leftovers.ts'

/** What an agent changed. `read` gives it in the work format, as often as asked. */
export type Work = AsyncDisposable & {
  readonly entries: readonly WorkEntry[]
  read(): AsyncIterable<Uint8Array>
}
export type Taken = Work & { readonly left: readonly string[] }
/** `bytes` of the tar and of the work; `path` in bytes. A sparse file counts as long as it says it is: it must fill nobody's disk. */
export type TakeLimits = { readonly bytes: number; readonly entries: number; readonly path: number }
const takeLimits: TakeLimits = { bytes: 1024 ** 3, entries: 200_000, path: 4096 }
const memory = 16 * 1024 * 1024
/** A file with several names comes once. When that name is no news, or is never taken, another look has to bring the content. */
const moreLooks = 4

type Take = {
  /** The halted tree, as often as it is asked for; undefined = it is not there. */
  readonly open: () => Promise<AsyncIterable<Uint8Array> | undefined>
  /** The tree that the agent began with, and the one that grading begins with. */
  readonly started: Baseline
  readonly pristine: Baseline
  readonly limits?: TakeLimits
}

/**
 * Compares the tree that an agent left with its baselines while it streams by, and keeps what differs from both: what an agent's own
 * image brought is not its work, and what grading has anyway needs no laying over. Nothing is extracted, and no stat is believed:
 * every file is hashed. Throws `work_unreadable` or `work_too_large`, both of which are the agent's doing.
 */
export async function take({ open, started, pristine, limits = takeLimits }: Take): Promise<Taken> {
  await using closing = new AsyncDisposableStack()
  const spool = closing.use(new Spool(memory))
  const taking = new Taking(spool, { started, pristine, limits })
  await scanTree(bounded(await present(open), limits), taking)
  for (let look = 0; taking.linked.size > 0; look++) {
    if (look === moreLooks) throw tooLarge('large files with many names')
    const { wanted, visitor } = taking.anotherLook()
    await scanPaths(bounded(await present(open), limits), wanted, visitor)
  }
  const entries = [...taking.gone(), ...taking.entries]
  const closed = closing.move()
  return {
    entries,
    left: taking.leftovers.named(),
    read: () => coalesce(framesOf(entries, spool)),
    [Symbol.asyncDispose]: () => closed.disposeAsync(),
  }
}

async function* framesOf(entries: readonly WorkEntry[], spool: Spool): AsyncGenerator<Uint8Array> {
  for (const entry of entries) if (entry.type === 'gone') yield encodeWork(entry)
  yield* spool.read()
}

async function present(open: Take['open']): Promise<AsyncIterable<Uint8Array>> {
  const tar = await open()
  if (tar === undefined) throw new ProctorError('work_unreadable', 'The agent removed the workspace folder.')
  return tar
}

async function* bounded(tar: AsyncIterable<Uint8Array>, limits: TakeLimits): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of tar) {
    bytes += chunk.length
    if (bytes > limits.bytes) throw tooLarge(`more than ${limits.bytes} bytes`)
    yield chunk
  }
}

const tooLarge = (what: string) => new ProctorError('work_too_large', `The workspace that the agent left holds ${what}.`)

class Taking {
  readonly entries: WorkEntry[] = []
  readonly leftovers = new Leftovers()
  /** Names whose content another look has to bring, each with the paths that share it. */
  readonly linked = new Map<string, string[]>()
  readonly #spool: Spool
  readonly #started: Baseline
  readonly #pristine: Baseline
  readonly #limits: TakeLimits
  readonly #seen = new Map<string, Pick<TreeEntry, 'mode' | 'oid'>>()
  #count = 0
  #file = { path: '', mode: '100644' as TreeMode, bytes: 0 }
  /** Small content waits here for its verdict; longer content goes to the spool, and is taken back when it is no news. */
  readonly #pending = Buffer.allocUnsafeSlow(workChunk)
  #pendingBytes = 0
  #mark: number | undefined

  constructor(spool: Spool, { started, pristine, limits }: { started: Baseline; pristine: Baseline; limits: TakeLimits }) {
    this.#spool = spool
    this.#started = started
    this.#pristine = pristine
    this.#limits = limits
  }

  root({ name, type, size }: { name: string; type: string; size: number }): void {
    if (!name.includes('/') && type !== 'dir')
      throw new ProctorError('work_unreadable', `The agent replaced the workspace folder by a ${type}.`)
    this.#count += 1
    if (this.#count > this.#limits.entries) throw tooLarge(`more than ${this.#limits.entries} files and folders`)
    if (name.length > this.#limits.path) throw tooLarge(`a path of more than ${this.#limits.path} bytes`)
    if (size > this.#limits.bytes) throw tooLarge(`a file of ${size} bytes; all of it may have ${this.#limits.bytes}`)
  }

  begin(file: { path: string; mode: TreeMode; bytes: number }): void {
    this.#file = file
    this.#pendingBytes = 0
    this.#mark = undefined
  }

  content(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + workChunk - this.#pendingBytes)
      this.#pending.set(piece, this.#pendingBytes)
      this.#pendingBytes += piece.length
      at += piece.length
      if (this.#pendingBytes === workChunk) this.#overflow()
    }
  }

  end(oid: string): void {
    const { path, mode } = this.#file
    const known = this.#known(path, { mode, oid })
    this.#seen.set(path, known ?? { mode, oid })
    if (!known) this.#keep()
    else if (this.#mark !== undefined) this.#spool.truncate(this.#mark)
  }

  hardlink(path: string, target: string): void {
    const same = this.#seen.get(target)
    const known = same && this.#known(path, same)
    this.#seen.set(path, known ?? same ?? { mode: '100644', oid: '' })
    if (known) return
    const sharing = this.linked.get(target)
    if (sharing) sharing.push(path)
    else this.linked.set(target, [path])
  }

  /** Content that fits into memory serves all the names it has, longer content one a look. */
  anotherLook(): { wanted: (path: string) => string | undefined; visitor: TreeVisitor } {
    const linked = new Map(this.linked)
    this.linked.clear()
    let serving = ''
    return {
      wanted: (path) => {
        serving = path
        return linked.get(path)?.[0]
      },
      visitor: {
        begin: (file) => this.begin(file),
        content: (bytes) => this.content(bytes),
        end: (oid) => {
          const [, ...others] = linked.get(serving) ?? []
          const fits = this.#mark === undefined
          this.end(oid)
          if (!fits && others.length > 0) this.linked.set(serving, others)
          for (const path of fits ? others : []) {
            this.#file = { ...this.#file, path }
            this.end(oid)
          }
        },
        hardlink: () => {},
        settle: () => this.settle(),
      },
    }
  }

  left(path: string, why: LeftOut): void {
    this.leftovers.add(path, why)
  }

  settle(): Promise<void> {
    if (this.#spool.bytes > this.#limits.bytes) throw tooLarge(`more than ${this.#limits.bytes} bytes`)
    return this.#spool.settle()
  }

  /** Both trees had it, and it is no more. */
  *gone(): Generator<WorkEntry> {
    for (const path of this.#started.entries.keys())
      if (!this.#seen.has(path) && this.#pristine.entries.has(path)) yield { path, type: 'gone' }
  }

  #known(path: string, { mode, oid }: Pick<TreeEntry, 'mode' | 'oid'>): TreeEntry | undefined {
    const same = (entry: TreeEntry | undefined) => (entry?.oid === oid && entry.mode === mode ? entry : undefined)
    return same(this.#started.entries.get(path)) ?? same(this.#pristine.entries.get(path))
  }

  #entry(): WorkEntry {
    const { path, mode, bytes } = this.#file
    return mode === '120000' ? { path, type: 'link', bytes } : { path, type: 'file', executable: mode === '100755', bytes }
  }

  #keep(): void {
    const entry = this.#entry()
    this.entries.push(entry)
    if (this.#mark === undefined) this.#spool.append(encodeWork(entry, this.#pending.subarray(0, this.#pendingBytes)))
    else this.#flush()
  }

  #overflow(): void {
    if (this.#mark === undefined) {
      this.#mark = this.#spool.bytes
      this.#spool.append(encodeWork(this.#entry()))
    }
    this.#flush()
  }

  #flush(): void {
    if (this.#pendingBytes > 0) this.#spool.append(encodeMore(this.#pending.subarray(0, this.#pendingBytes)))
    this.#pendingBytes = 0
  }
}
