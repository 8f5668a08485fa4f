import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { createConnection, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { ProctorError } from '../../../runner/domain/error.ts'

/**
 * One process per embedded database, which takes no lock itself: two that had it open lost writes without an error. Each puts a
 * listening socket of its own into `owner/` and then looks whether another one answers; of two that come at once both step back. A
 * socket whose process is gone answers nobody, whatever became of its pid. Throws `database_in_use`.
 */
export async function ownDatabase(folder: string): Promise<AsyncDisposable> {
  const sockets = join(folder, 'owner')
  await mkdir(sockets, { recursive: true, mode: 0o700 })
  await using door = await reachable(sockets)
  const name = `${process.pid}-${randomBytes(6).toString('hex')}`
  const server = await listen(door.path(`.${name}`))
  // Visible only now that it listens: what refuses a connection is dead for certain.
  await rename(join(sockets, `.${name}`), join(sockets, name))
  const leave = async () => {
    await rm(join(sockets, name), { force: true })
    server.close()
  }
  const other = await livingOther({ sockets, path: door.path, name })
  if (!other) return { [Symbol.asyncDispose]: leave }
  await leave()
  throw new ProctorError('database_in_use', `${folder} is in use by process ${other.split('-')[0]}`)
}

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  server.listen(path)
  await once(server, 'listening')
  server.unref()
  return server
}

async function livingOther({ sockets, path, name }: { sockets: string; path(name: string): string; name: string }) {
  for (const other of await readdir(sockets)) {
    if (other === name || other.startsWith('.')) continue
    if (await answers(path(other))) return other
    await rm(join(sockets, other), { force: true })
  }
  return undefined
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'))
  })
}

/** A socket's path has room for 107 bytes. Linux reaches a deep folder through an open handle. */
async function reachable(folder: string): Promise<{ path(name: string): string } & AsyncDisposable> {
  if (process.platform !== 'linux') return { path: (name) => join(folder, name), [Symbol.asyncDispose]: async () => {} }
  const handle = await open(folder)
  return { path: (name) => `/proc/self/fd/${handle.fd}/${name}`, [Symbol.asyncDispose]: () => handle.close() }
}
