import type { Duplex } from 'node:stream'

type Sinks = { readonly stdout: (bytes: Buffer) => void; readonly stderr: (bytes: Buffer) => void }

/**
 * Splits an attached stream without copying it. The engine puts eight bytes before each piece: the stream's number,
 * three zeros, and the piece's length as a big-endian 32-bit number. Resolves when the stream ends, however it ends.
 */
export function demux(stream: Duplex, { stdout, stderr }: Sinks): Promise<void> {
  let header: Buffer = Buffer.alloc(0)
  let left = 0
  let sink = stdout
  stream.on('data', (chunk: Buffer) => {
    let rest = chunk
    while (rest.length > 0) {
      if (left === 0) {
        const missing = 8 - header.length
        header = header.length === 0 ? rest.subarray(0, 8) : Buffer.concat([header, rest.subarray(0, missing)])
        rest = rest.subarray(missing)
        if (header.length < 8) return
        sink = header[0] === 2 ? stderr : stdout
        left = header.readUInt32BE(4)
        header = Buffer.alloc(0)
      }
      const piece = rest.subarray(0, left)
      left -= piece.length
      rest = rest.subarray(piece.length)
      if (piece.length > 0) sink(piece)
    }
  })
  return new Promise((resolve) => {
    stream.once('close', resolve)
    stream.once('end', resolve)
    stream.once('error', () => resolve())
  })
}
