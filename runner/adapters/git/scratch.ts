import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

export type Scratch = AsyncDisposable & { readonly path: string; moveTo(target: string): Promise<void> }

let count = 0
const prefix = 'tmp-'
const host = hostname().replaceAll(/[^A-Za-z0-9.]/g, '_')
const swept = new Set<string>()

/** A folder inside `root` that goes at the end of its scope, or of the next process that comes by when this one dies. */
export async function scratch(root: string): Promise<Scratch> {
  await mkdir(root, { recursive: true })
  if (!swept.has(root)) await sweep(root)
  swept.add(root)
  count += 1
  const path = join(root, `${prefix}${host}-${process.pid}-${count}-${Date.now().toString(36)}`)
  await mkdir(path)
  return {
    path,
    async moveTo(target) {
      // Whoever was first made the same.
      await rename(path, target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      })
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** Another machine may share the folder; its process ids say nothing here. */
async function sweep(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const [, owner, pid] = /^tmp-([\w.]+)-(\d+)-/.exec(name) ?? []
    if (owner === host && !isAlive(Number(pid))) await rm(join(root, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
