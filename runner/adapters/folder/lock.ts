import { randomBytes } from 'node:crypto'
import { link, mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ProctorError } from '../../domain/error.ts'
import { isSystemError, writing } from './write.ts'

type Owner = { readonly host: string; readonly pid: number; readonly born: string; readonly since: string }

/**
 * One proctor per output folder. Each puts a file of its own into `lock/` and then looks whether it is alone: of two that come
 * at once both see the other and both step back, so there is no stale lock to take over and no race in doing it. What a dead
 * process left is removed. Throws `records_locked`.
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const locks = join(folder, 'lock')
  const me: Owner = { host: hostname(), pid: process.pid, born: await bornAt(process.pid), since: new Date().toISOString() }
  const mine = join(locks, `${me.host}-${me.pid}`)
  for (let attempt = 1; ; attempt++) {
    const before = await writing(mine, () => enter(mine, me))
    if (before) throw locked(folder, before)
    const other = await livingOther(locks, mine)
    if (!other) return { [Symbol.asyncDispose]: () => leave(locks, mine) }
    await leave(locks, mine)
    if (attempt === 4) throw locked(folder, other)
    await wait(20 + Math.random() * 100 * attempt)
  }
}

/** Puts my file there, complete from its first moment on. Returns the owner when it is there already: this process, or one of the same pid that is gone. */
async function enter(mine: string, me: Owner): Promise<Owner | undefined> {
  const draft = join(dirname(mine), `.${randomBytes(6).toString('hex')}`)
  for (;;) {
    try {
      await mkdir(dirname(mine), { recursive: true })
      await writeFile(draft, JSON.stringify(me))
      await link(draft, mine)
      return undefined
    } catch (error) {
      if (!isSystemError(error) || (error.code !== 'EEXIST' && error.code !== 'ENOENT')) throw error
      const before = await ownerOf(mine)
      if (before && (await alive(before))) return before
      await rm(mine, { force: true })
    } finally {
      await rm(draft, { force: true })
    }
  }
}

async function livingOther(locks: string, mine: string): Promise<Owner | undefined> {
  for (const name of await readdir(locks)) {
    const path = join(locks, name)
    if (path === mine || name.startsWith('.')) continue
    const owner = await ownerOf(path)
    if (owner && (await alive(owner))) return owner
    await rm(path, { force: true })
  }
  return undefined
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    const { host, pid, born, since } = JSON.parse(await readFile(path, 'utf8'))
    return { host: String(host), pid: Number(pid), born: String(born), since: String(since) }
  } catch {
    return undefined
  }
}

/** On another machine nobody can tell, so it counts as alive. */
async function alive({ host, pid, born }: Owner): Promise<boolean> {
  return host !== hostname() || (await bornAt(pid)) === born
}

/** Start time of a process in clock ticks since boot: a pid alone may have been given to somebody else since. Empty when it is gone. */
async function bornAt(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  if (text) return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  try {
    process.kill(pid, 0)
    return 'alive'
  } catch {
    return ''
  }
}

/** The last one out takes the folder along. */
async function leave(locks: string, mine: string) {
  await rm(mine, { force: true })
  await rmdir(locks).catch(() => {})
}

const locked = (folder: string, { host, pid, since }: Owner) =>
  new ProctorError(
    'records_locked',
    `${folder} is in use by process ${pid} on ${host} since ${since}. If that process is gone, remove ${join(folder, 'lock')}`,
  )
