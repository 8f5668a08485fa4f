import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProctorError } from '../../domain/error.ts'
import { isAlive } from '../../lib/is-alive.ts'

const patienceMs = 10_000

/** One process at a time, for the blink of an eye that changing a small file takes. What a dead process left is removed. */
export async function locked(path: string): Promise<AsyncDisposable> {
  const until = Date.now() + patienceMs
  for (;;) {
    try {
      await writeFile(path, `${process.pid}`, { flag: 'wx', mode: 0o600 })
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const pid = await ownerOf(path)
    if (pid > 0 && !isAlive(pid) && (await removeDead(path))) continue
    if (Date.now() > until)
      throw new ProctorError('records_locked', `${path} is held by process ${pid || 'unknown'}; remove it when that is gone`)
    await sleep(20 + Math.random() * 30)
  }
}

const ownerOf = async (path: string) => Number(await readFile(path, 'utf8').catch(() => ''))

/**
 * Of several that find a dead owner, one removes it, and looks again before: what it finds then may be the lock of somebody who lives. False
 * for the others.
 */
async function removeDead(path: string): Promise<boolean> {
  const right = `${path}.dead`
  const isMine = await writeFile(right, `${process.pid}`, { flag: 'wx', mode: 0o600 }).then(
    () => true,
    () => false,
  )
  if (!isMine) return false
  try {
    const pid = await ownerOf(path)
    if (pid > 0 && !isAlive(pid)) await rm(path, { force: true })
    return true
  } finally {
    await rm(right, { force: true })
  }
}
