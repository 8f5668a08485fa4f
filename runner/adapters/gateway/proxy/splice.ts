import type { Duplex } from 'node:stream'

type Limits = { readonly tunnelIdleMs: number; readonly halfOpenMs: number }

/**
 * Carries bytes both ways until both sides have ended, one breaks off, or nobody says anything for so long. `passed` is told of each piece.
 * Afterwards both are destroyed.
 */
export function splice(client: Duplex, host: Duplex, limits: Limits, passed: (way: 'out' | 'in', bytes: number) => void): Promise<void> {
  return new Promise((resolve) => {
    const close = () => {
      clearTimeout(timer)
      client.destroy()
      host.destroy()
      resolve()
    }
    let timer = setTimeout(close, limits.tunnelIdleMs)
    const closeWhenDone = () => {
      if ([client, host].every((side) => side.readableEnded && side.writableFinished)) close()
    }
    const carry = (from: Duplex, to: Duplex, way: 'out' | 'in') => {
      from.on('data', (bytes: Buffer) => {
        passed(way, bytes.length)
        timer.refresh()
        if (!to.write(bytes)) from.pause()
      })
      to.on('drain', () => from.resume())
      from.once('end', () => {
        to.end()
        clearTimeout(timer)
        timer = setTimeout(close, limits.halfOpenMs)
        closeWhenDone()
      })
      to.once('finish', closeWhenDone)
      from.once('error', close)
      // A side that has ended may close while the other still gets what it said.
      from.once('close', () => (from.readableEnded && from.writableFinished ? closeWhenDone() : close()))
    }
    carry(client, host, 'out')
    carry(host, client, 'in')
    for (const side of [client, host]) {
      if (side.destroyed) close()
      else side.resume()
    }
  })
}
