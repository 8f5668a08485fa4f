import type { Duplex } from 'node:stream'
import { readClientHello } from './client-hello.ts'

/** The name that a client asks for, and all that it sent so far. */
export type Hello = { readonly name: string | undefined; readonly bytes: Buffer }

/** Waits for the first message of a TLS client, however it is cut into pieces. Undefined for anything else, and when it is too long, late or broken off. */
export function readHello(
  client: Duplex,
  head: Buffer,
  { helloBytes, helloMs }: { readonly helloBytes: number; readonly helloMs: number },
): Promise<Hello | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    let needed = 1
    const end = (hello: Hello | undefined) => {
      clearTimeout(timer)
      client.pause()
      client.off('data', push).off('end', giveUp).off('close', giveUp)
      resolve(hello)
    }
    const giveUp = () => end(undefined)
    const push = (bytes: Buffer) => {
      chunks.push(bytes)
      length += bytes.length
      if (length < needed) return
      const all = Buffer.concat(chunks)
      const read = readClientHello(all)
      if (read === 'not tls') giveUp()
      else if ('more' in read) {
        needed = read.more
        if (needed > helloBytes) giveUp()
      } else end({ name: read.name?.toLowerCase(), bytes: all })
    }
    const timer = setTimeout(giveUp, helloMs)
    client.on('data', push).once('end', giveUp).once('close', giveUp)
    if (head.length > 0) push(head)
  })
}
