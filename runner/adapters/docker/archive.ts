import { addAbortSignal, Readable } from 'node:stream'
import type Docker from 'dockerode'
import { ProctorError } from '../../domain/error.ts'
import { type Engine, statusOf } from './engine.ts'

/** Without a byte for this long, the engine is stuck. */
const silenceMs = 60_000
const unreachable = /could not find the file|: not a directory|: too many links/i

/** A tar of the path as the engine reads it, or undefined when the path is not there. Dropping the stream or the signal ends the reading; until then the engine cannot remove the container. */
export async function takeArchive(
  engine: Engine,
  container: Docker.Container,
  path: string,
  signal?: AbortSignal,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const limits = signal ? { signal } : {}
  const open = () => container.getArchive({ path })
  const stream = await engine.call(`read ${path}`, open, limits).catch((thrown) => {
    // Only the words tell a missing path from a missing container, and a path that an agent made unreachable from a broken engine.
    if (statusOf(thrown) !== undefined && unreachable.test(String(thrown.message))) return undefined
    throw thrown
  })
  return stream && toWeb(stream, path, signal)
}

function toWeb(stream: NodeJS.ReadableStream, path: string, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  // dockerode hands over an http.IncomingMessage under a wider type.
  const message = stream as Readable & { setTimeout(ms: number, late: () => void): void }
  message.setTimeout(silenceMs, () =>
    message.destroy(new ProctorError('engine_deadline', `The engine sent nothing of ${path} for ${silenceMs / 1000} s.`)),
  )
  if (signal) addAbortSignal(signal, message)
  // Node's own web stream type, seen as the global one.
  return Readable.toWeb(message) as ReadableStream<Uint8Array>
}
