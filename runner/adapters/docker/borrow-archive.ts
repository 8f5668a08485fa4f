import net from 'node:net'
import type Docker from 'dockerode'
import { ProctorError } from '../../domain/error.ts'
import type { Engine } from './engine.ts'

const silenceMs = 60_000
const longestHead = 64 * 1024
const chunkBytes = 128 * 1024

/**
 * The tar of a path, read into one buffer over and over: a chunk is good until the next one is asked for. An HTTP client copies each chunk
 * twice, and that garbage made the collector walk the whole heap once per run. HTTP/1.0, so that the body is what comes until the end; a tar
 * says itself whether it is whole. Undefined = it did not begin, for whatever reason: the library asks again, and knows all the words.
 */
export async function borrowArchive(
  engine: Engine,
  container: Docker.Container,
  path: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const { plain } = engine
  if (!plain) return undefined
  const pieces = connectTo(plain, `/containers/${container.id}/archive?path=${encodeURIComponent(path)}`, signal)
  let begun = false
  try {
    const first = await engine.call(`read ${path}`, () => beginning(pieces), { signal })
    begun = first !== undefined
    if (first) return streamOf(first, pieces)
  } catch (thrown) {
    signal.throwIfAborted()
    if (thrown instanceof ProctorError && thrown.code === 'engine_deadline') throw thrown
  } finally {
    if (!begun) pieces.destroy()
  }
  return undefined
}

type Pieces = { next(): Promise<Buffer | undefined>; destroy(): void }

function connectTo(plain: net.NetConnectOpts, address: string, signal: AbortSignal): Pieces {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes)
  let filled = 0
  let lent = false
  let ended = false
  let failed: Error | undefined
  let wake = () => {}
  const callback = (bytes: number) => {
    filled = bytes
    wake()
    return false
  }
  const socket = net.connect({ ...plain, onread: { buffer, callback } })
  const onAbort = () => socket.destroy(signal.reason)
  const stop = (error?: Error) => {
    const lost = error && 'code' in error && !(error instanceof ProctorError) && !signal.aborted
    failed ??= lost ? new ProctorError('engine_unreachable', `The engine went away: ${error.message}`, { cause: error }) : error
    ended = true
    signal.removeEventListener('abort', onAbort)
    wake()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  socket
    .on('error', stop)
    .once('end', () => stop())
    .once('close', () => stop())
  socket.setTimeout(silenceMs, () =>
    socket.destroy(new ProctorError('engine_deadline', `The engine sent nothing for ${silenceMs / 1000} s.`)),
  )
  socket.write(`GET ${address} HTTP/1.0\r\nHost: engine\r\n\r\n`)
  return {
    async next() {
      if (lent) {
        filled = 0
        lent = false
        socket.resume()
      }
      if (filled === 0 && !ended)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      if (failed) throw failed
      lent = filled > 0
      return lent ? buffer.subarray(0, filled) : undefined
    },
    destroy: () => socket.destroy(),
  }
}

/** What came of the body with the end of the head; undefined unless the engine agreed. */
async function beginning(pieces: Pieces): Promise<Buffer | undefined> {
  let head = Buffer.alloc(0)
  while (head.length < longestHead) {
    const piece = await pieces.next()
    if (!piece) return undefined
    head = Buffer.concat([head, piece])
    const end = head.indexOf('\r\n\r\n')
    if (end !== -1) return /^HTTP\/1\.[01] 200 /.test(head.toString('latin1', 0, end)) ? head.subarray(end + 4) : undefined
  }
  return undefined
}

function streamOf(first: Buffer, pieces: Pieces): ReadableStream<Uint8Array> {
  let waiting: Buffer | undefined = first
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = waiting?.length ? waiting : await pieces.next()
        waiting = undefined
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
      cancel: () => pieces.destroy(),
    },
    { highWaterMark: 0 },
  )
}
