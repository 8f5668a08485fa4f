import { createHash, type Hash } from 'node:crypto'
import { scanTar, type TarEntry, type TarSink } from './tar.ts'

export type TreeMode = '100644' | '100755' | '120000'
export type LeftOut = 'nested .git' | 'byte-code cache' | 'socket, pipe or device'
/** A tree as git would see it, were nothing ignored. Paths are byte strings in latin1. `end` gets the git blob id of what `content` got. */
export type TreeVisitor = {
  root?(entry: TarEntry): void
  begin(file: { readonly path: string; readonly mode: TreeMode; readonly bytes: number }): void
  content(bytes: Uint8Array): void
  end(oid: string): void
  /** Another name of `target`: same mode, same content, which came before, or never comes when `target` is left out. */
  hardlink(path: string, target: string): void
  left?(path: string, why: LeftOut): void
  settle?(): Promise<void>
}

/** Reads the tar of a folder: the first part of each name is that folder, and goes. Throws what `scanTar` throws. */
export function scanTree(bytes: AsyncIterable<Uint8Array>, visitor: TreeVisitor): Promise<void> {
  const blob = new Blob(visitor)
  const entry = (found: TarEntry) => {
    visitor.root?.(found)
    const path = below(found.name)
    if (path === '' || found.type === 'dir') return undefined
    const why = found.type === 'special' ? 'socket, pipe or device' : leftOut(path)
    if (why) visitor.left?.(path, why)
    else if (found.type === 'hardlink') visitor.hardlink(path, below(found.target))
    else return blob.read(found, path)
    return undefined
  }
  return scanTar(bytes, { entry, ...settling(visitor) })
}

/** The same tar again, for the content of some paths only, left out or not. `wanted` gives the name under which the visitor gets it. */
export function scanPaths(
  bytes: AsyncIterable<Uint8Array>,
  wanted: (path: string) => string | undefined,
  visitor: TreeVisitor,
): Promise<void> {
  const blob = new Blob(visitor)
  const entry = (found: TarEntry) => {
    const path = found.type === 'file' || found.type === 'symlink' ? wanted(below(found.name)) : undefined
    return path === undefined ? undefined : blob.read(found, path)
  }
  return scanTar(bytes, { entry, ...settling(visitor) })
}

const settling = (visitor: TreeVisitor) => (visitor.settle ? { settle: () => visitor.settle?.() ?? Promise.resolve() } : {})

/**
 * What never belongs to a tree: a repository inside it, and byte-code that runs instead of its source when their times match.
 * git itself refuses `.GIT` too, so that is one more.
 */
function leftOut(path: string): LeftOut | undefined {
  const lower = path.toLowerCase()
  if (lower.includes('.git') && lower.split('/').includes('.git')) return 'nested .git'
  if (/(^|\/)(__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache)(\/|$)|\.py[co]$/.test(path)) return 'byte-code cache'
  return undefined
}

const below = (name: string) => {
  const relative = name.startsWith('./') ? name.slice(2) : name
  const slash = relative.indexOf('/')
  return slash === -1 ? '' : relative.slice(slash + 1)
}

/** One for all files of a tree: 100,000 sinks would be 100,000 objects. */
class Blob implements TarSink {
  readonly #visitor: TreeVisitor
  #hash: Hash | undefined

  constructor(visitor: TreeVisitor) {
    this.#visitor = visitor
  }

  /** The sink of a file's content. A link's content is its target, and is here already. */
  read({ type, mode, size, target }: TarEntry, path: string): TarSink | undefined {
    if (type === 'symlink') {
      const content = Buffer.from(target, 'latin1')
      this.#begin(path, '120000', content.length)
      this.write(content)
      this.end()
      return undefined
    }
    this.#begin(path, (mode & 0o100) === 0 ? '100644' : '100755', size)
    return this
  }

  write(bytes: Uint8Array): void {
    this.#hash?.update(bytes)
    this.#visitor.content(bytes)
  }

  end(): void {
    this.#visitor.end(this.#hash?.digest('hex') ?? '')
  }
  #begin(path: string, mode: TreeMode, bytes: number): void {
    this.#hash = createHash('sha1').update(`blob ${bytes}\0`)
    this.#visitor.begin({ path, mode, bytes })
  }
}
