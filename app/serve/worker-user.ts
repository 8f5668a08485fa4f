import { chmod, chown, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Settings } from '../settings.ts'

export type WorkerUser = { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string }
const engineSocket = '/var/run/docker.sock'

/**
 * Whom the worker runs as: PROCTOR_WORKER_USER, else `nobody`, with the engine's group; only root can choose. `same` = no other, for
 * machines on which the engine is for root alone.
 */
export async function workerUser({ variables, data }: Pick<Settings, 'variables' | 'data'>): Promise<WorkerUser | undefined> {
  const { PROCTOR_WORKER_USER, DOCKER_HOST } = variables
  const name = PROCTOR_WORKER_USER || 'nobody'
  if (process.getuid?.() !== 0 || name === 'same') return undefined
  const found = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .map((line) => line.split(':'))
    .find(([login]) => login === name)
  if (!found) throw misconfigured(`there is no user ${name.slice(0, 40)}`)
  const socket = DOCKER_HOST?.startsWith('unix://') ? DOCKER_HOST.slice('unix://'.length) : engineSocket
  const engine = await stat(socket).catch(() => undefined)
  // A group of root's would give away what the other user is for.
  if (engine?.gid === 0)
    throw misconfigured(`the engine's socket ${socket} is for root alone; give it a group (dockerd --group), or say \`same\``)
  return { name, uid: Number(found[2]), gid: engine?.gid ?? Number(found[3]), home: join(data, 'worker') }
}

/**
 * Folders that both write to, and the worker's own. Of `data` itself the worker sees no more than these. `programs` = files that the worker
 * starts from. Throws `app_misconfigured` when it cannot get to one of them.
 */
export async function readyForWorker(data: string, user: WorkerUser | undefined, programs: readonly string[]): Promise<void> {
  const shelves = Array.from({ length: 256 }, (_, at) => join(data, 'blobs', at.toString(16).padStart(2, '0')))
  const shared = [join(data, 'blobs'), join(data, 'blobs', 'tmp'), ...shelves]
  for (const folder of [...shared, join(data, 'worker')]) await mkdir(folder, { recursive: true })
  if (!user) return
  await chown(data, 0, user.gid)
  await chmod(data, 0o710)
  await chmod(join(data, 'database'), 0o700).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  for (const folder of shared) {
    await chown(folder, 0, user.gid)
    await chmod(folder, 0o2770)
  }
  await chown(join(data, 'worker'), user.uid, user.gid)
  await chmod(join(data, 'worker'), 0o700)
  for (const path of [data, ...programs]) await expectWay(dirname(path), { user, path })
}

async function expectWay(folder: string, { user, path }: { readonly user: WorkerUser; readonly path: string }): Promise<void> {
  const { mode, uid, gid } = await stat(folder)
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
  if ((mode & bit) === 0)
    throw misconfigured(`${user.name} cannot get to ${path}, because ${folder} is closed to others; put it elsewhere, or say \`same\``)
  if (dirname(folder) !== folder) await expectWay(dirname(folder), { user, path })
}

const misconfigured = (what: string) => new ProctorError('app_misconfigured', `PROCTOR_WORKER_USER: ${what}`)
