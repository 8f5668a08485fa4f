import { mkdirSync, rmSync } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../../lib/is-alive.ts'

export type Scratch = AsyncDisposable & { readonly path: string; moveTo(target: string): Promise<void> }

let count = 0
const prefix = 'tmp-'
/** Whoever uses a folder that is kept touches it. */
const unusedMs = 30 * 86_400_000
const host = hostname().replaceAll(/[^A-Za-z0-9.]/g, '_')
const swept = new Set<string>()

/** A folder inside `root` that goes at the end of its scope, or, when this process dies, with the next one that comes by. What was moved stays for 30 days. */
export async function scratch(root: string): Promise<Scratch> {
  if (!swept.has(root)) {
    mkdirSync(root, { recursive: true })
    await sweep(root)
    swept.add(root)
  }
  count += 1
  const path = join(root, `${prefix}${host}-${process.pid}-${count}-${Date.now().toString(36)}`)
  mkdirSync(path)
  return {
    path,
    async moveTo(target) {
      // Whoever was first made the same.
      await rename(path, target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      })
    },
    // One native call; the asynchronous one takes a turn of the thread pool for each of its files.
    [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }),
  }
}

/** What nobody wants any more. Another machine may share the folder; its process ids say nothing here. */
async function sweep(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const [, owner, pid] = /^tmp-([\w.]+)-(\d+)-/.exec(name) ?? []
    const path = join(root, name)
    const isLeft = owner === host && !isAlive(Number(pid))
    if (isLeft || (owner === undefined && (await isOld(path)))) await rm(path, { recursive: true, force: true })
  }
}

const isOld = async (path: string) => Date.now() - (await stat(path)).mtimeMs > unusedMs
