import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type EngineBetween = AsyncDisposable & {
  readonly dockerHost: string
  /** As if the engine had died: every connection breaks, none is accepted. */
  die(): Promise<void>
  /** As if the engine were stuck: connections are accepted, and nothing passes any more. */
  freeze(): void
}

/** A socket that passes everything on to the real engine, until told otherwise. */
export async function engineBetween(): Promise<EngineBetween> {
  const folder = await mkdtemp(join(tmpdir(), 'proctor-between-'))
  const path = join(folder, 'docker.sock')
  const sockets = new Set<Socket>()
  let frozen = false
  const server = createServer({ allowHalfOpen: true }, (ours) => {
    sockets.add(ours)
    if (frozen) return
    const theirs = createConnection({ path: '/var/run/docker.sock', allowHalfOpen: true })
    sockets.add(theirs)
    ours.pipe(theirs).pipe(ours)
    for (const [one, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((listening) => server.listen(path, listening))
  const die = async () => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((closed) => server.close(closed))
  }
  return {
    dockerHost: `unix://${path}`,
    die,
    freeze() {
      frozen = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    async [Symbol.asyncDispose]() {
      await die()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
