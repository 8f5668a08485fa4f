import { once } from 'node:events'
import { join } from 'node:path'
import { ProctorError } from '../../domain/error.ts'
import type { Grant } from '../../seams/gateway.ts'
import type { Desk } from './desk.ts'
import { openDoor } from './door.ts'
import type { ProxyOptions, Tunnel } from './proxy/proxy.ts'

/** `tunnels`: what passed through the proxy. */
export type OpenGrant = Grant & { tunnels(): readonly Tunnel[] }

/** The kernel's limit on a socket's path on the platform that has the lower one. */
const mostPathBytes = process.platform === 'linux' ? 107 : 103

export function openGrant(desk: Desk, hosts: ProxyOptions): OpenGrant {
  const { server, proxy, idle } = openDoor(desk, hosts)
  let closed: Promise<void> | undefined
  const close = async () => {
    const isListening = server.listening
    server.close()
    server.closeAllConnections()
    proxy.close()
    if (isListening) await once(server, 'close')
    await idle()
  }
  return {
    token: desk.token,
    providers: [...desk.accounts.keys()],
    async listen(folder) {
      const path = join(folder, 'gateway.sock')
      if (closed) throw new ProctorError('internal_error', `the gateway of run ${desk.run} is closed already`)
      if (Buffer.byteLength(path) > mostPathBytes)
        throw new ProctorError(
          'internal_error',
          `no socket can be made at ${path}: its path may have ${mostPathBytes} bytes; set TMPDIR to a shorter folder`,
        )
      // Whoever reaches the folder may connect: in the sandbox that is `user`, on the host nobody but us.
      server.listen({ path, readableAll: true, writableAll: true })
      await once(server, 'listening')
    },
    over: desk.ending.over,
    get ending() {
      return desk.ending.ended
    },
    usage: () => desk.tally.usage(),
    calls: () => desk.tally.calls(),
    trouble: () => desk.ending.trouble(),
    tunnels: () => proxy.tunnels(),
    [Symbol.asyncDispose]() {
      closed ??= close()
      return closed
    },
  }
}
