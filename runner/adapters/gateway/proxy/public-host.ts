import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isPublicAddress } from '../../../lib/public-address.ts'
import { Refusal } from '../refusal.ts'
import { type Hosts, lists, type Place } from './hosts.ts'

export type Lookup = (name: string) => Promise<readonly string[]>

export const lookupHost: Lookup = async (name) => (await lookup(name, { all: true })).map(({ address }) => address)

type Checks = { readonly lookup: Lookup; readonly privateHosts: Hosts; readonly resolveMs: number; readonly connectMs: number }

/**
 * A connection to a host. Its name is resolved once, and what is connected to is an address that was checked, so that a name that means
 * another one the next time gains nothing. One address inside a private network is enough to refuse the name. Throws `Refusal`.
 */
export async function connectPublic(
  place: Place,
  { lookup, privateHosts, resolveMs, connectMs }: Checks,
  signal: AbortSignal,
): Promise<Socket> {
  const addresses = isIP(place.name) ? [place.name] : await inTime(lookup(place.name), resolveMs, signal).catch(() => [])
  if (addresses.length === 0) throw new Refusal(502, `${place.name} has no address.`)
  const hidden = addresses.find((address) => !isPublicAddress(address))
  if (hidden !== undefined && !lists(privateHosts, place))
    throw new Refusal(403, `${place.name} is ${hidden}, which is no address of the public internet.`)
  for (const address of addresses.slice(0, 4)) {
    const socket = await connectTo(address, place.port, connectMs, signal)
    if (socket) return socket
  }
  throw new Refusal(502, `${place.name}:${place.port} cannot be reached.`)
}

function connectTo(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
    const end = (connected: boolean) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', fail)
      socket.off('connect', succeed).off('error', fail)
      if (connected) return resolve(socket)
      socket.on('error', () => {}).destroy()
      resolve(undefined)
    }
    const succeed = () => end(true)
    const fail = () => end(false)
    const timer = setTimeout(fail, timeoutMs)
    socket.once('connect', succeed).once('error', fail)
    signal.addEventListener('abort', fail, { once: true })
    if (signal.aborted) fail()
  })
}

async function inTime<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const timer = new AbortController()
  const stop = () => timer.abort()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const late = sleep(ms, undefined, { signal: timer.signal }).then(() => Promise.reject(new Error('no answer in time')))
    return await Promise.race([work, late])
  } finally {
    signal.removeEventListener('abort', stop)
    timer.abort()
  }
}
