import { chmod, chown, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Variables } from '../settings.ts'

export type WorkerUser = { readonly uid: number; readonly gid: number; readonly home: string | undefined }
const engineSocket = '/var/run/docker.sock'

/**
 * Whom the worker runs as: PROCTOR_WORKER_USER, else `nobody`, with the engine's group; only root can choose. `same` = no other, for
 * machines on which the engine is for root alone.
 */
export async function workerUser({
  PROCTOR_WORKER_USER: name = 'nobody',
  DOCKER_HOST,
  PROCTOR_DATA,
}: Variables): Promise<WorkerUser | undefined> {
  if (process.getuid?.() !== 0 || name === 'same') return undefined
  const found = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .map((line) => line.split(':'))
    .find(([login]) => login === name)
  if (!found) throw new ProctorError('app_misconfigured', `PROCTOR_WORKER_USER: there is no user ${name.slice(0, 40)}`)
  const socket = DOCKER_HOST?.startsWith('unix://') ? DOCKER_HOST.slice('unix://'.length) : engineSocket
  const engine = await stat(socket).catch(() => undefined)
  // A group of root's would give away what the other user is for.
  const gid = engine && engine.gid !== 0 ? engine.gid : Number(found[3])
  if (engine?.gid === 0)
    throw new ProctorError(
      'app_misconfigured',
      `PROCTOR_WORKER_USER: the engine's socket ${socket} is for root alone; give it a group (dockerd --group), or say \`same\``,
    )
  return { uid: Number(found[2]), gid, home: PROCTOR_DATA === undefined ? undefined : join(PROCTOR_DATA, 'worker') }
}

/** Folders that both write to, and the worker's own. */
export async function readyForWorker(data: string, user: WorkerUser | undefined): Promise<void> {
  const shelves = Array.from({ length: 256 }, (_, at) => join(data, 'blobs', at.toString(16).padStart(2, '0')))
  const shared = [join(data, 'blobs'), join(data, 'blobs', 'tmp'), ...shelves]
  for (const folder of [...shared, join(data, 'worker')]) await mkdir(folder, { recursive: true })
  if (!user) return
  for (const folder of shared) {
    await chown(folder, 0, user.gid)
    await chmod(folder, 0o2770)
  }
  await chown(join(data, 'worker'), user.uid, user.gid)
  await chmod(join(data, 'worker'), 0o700)
}
