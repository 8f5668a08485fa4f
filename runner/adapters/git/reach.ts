import { type LookupAddress, lookup } from 'node:dns'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { isPublicAddress } from '../../lib/public-address.ts'
import { Refused } from '../fetch/guard.ts'

export type Target = { readonly host: string; readonly port: number }
/** `trusted`: named by whoever runs proctor. Nothing is asked about its addresses. */
type Reached = { readonly addresses: readonly LookupAddress[]; readonly trusted: boolean }
export type Reach = (target: Target) => Promise<Reached>

/** The port of https. Another one is reached only where PROCTOR_PRIVATE_HOSTS names it. */
const httpsPort = 443

/**
 * Which addresses a host that a stranger named may be reached at: all of them public, or none. `privateHosts`, comma separated
 * `host[:port]`, are reached wherever they are. `resolve` is the system's own resolver.
 */
export function openReach(privateHosts: string | undefined, resolve: typeof resolveAll = resolveAll): Reach {
  const trusted = new Set(listed(privateHosts ?? ''))
  return async ({ host, port }) => {
    const name = host.replace(/\.$/, '').toLowerCase()
    if (trusted.has(`${name}:${port}`)) return { addresses: await resolve(name), trusted: true }
    if (port !== httpsPort) throw new Refused(`${name}:${port} is not reached: only port ${httpsPort}${exempt}`)
    const addresses = await resolve(name)
    const wrong = addresses.find(({ address }) => !isPublicAddress(address))
    if (wrong) throw new Refused(`${name} is not reached: ${isIP(name) ? 'it' : wrong.address} is no public address${exempt}`)
    return { addresses, trusted: false }
  }
}
const exempt = ', unless PROCTOR_PRIVATE_HOSTS names it'

const lookupAll = promisify(lookup)

/** Throws `Unresolved`. */
async function resolveAll(name: string): Promise<readonly LookupAddress[]> {
  const family = isIP(name)
  if (family !== 0) return [{ address: name, family }]
  return lookupAll(name, { all: true, order: 'ipv4first' }).catch((error: NodeJS.ErrnoException) => {
    throw new Unresolved(`${name} is not known here (${error.code})`, { cause: error })
  })
}
/** A name that this machine cannot resolve; a company's proxy perhaps can. */
export class Unresolved extends Refused {}

/** Canonical `host:port`, without brackets. Throws `Refused` for what names no host. */
function listed(text: string): string[] {
  const entries = text.split(',').flatMap((entry) => entry.trim() || [])
  return entries.map((entry) => {
    const url = URL.canParse(`https://${entry}`) ? new URL(`https://${entry}`) : undefined
    if (url?.pathname !== '/' || entry.includes('*') || url.username !== '' || url.search !== '' || url.hash !== '')
      throw new Refused(`PROCTOR_PRIVATE_HOSTS: found ${JSON.stringify(entry)}; accepted: host or host:port`)
    return `${bare(url.hostname)}:${url.port || httpsPort}`
  })
}

/** `[::1]` -> `::1`, without a dot at the end. */
export const bare = (host: string): string => host.replace(/^\[|\]$/g, '').replace(/\.$/, '')
