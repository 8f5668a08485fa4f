import { isIP } from 'node:net'

/** Hosts as they are listed: exact names, `*.example.com` for every name below, each with a port of its own or none. */
export type Hosts = readonly Host[]
type Host = { readonly name: string; readonly below: boolean; readonly port?: number }

/** Entries that are none are left out: planning refuses them. */
export function readHosts(entries: readonly string[]): Hosts {
  return entries.flatMap((entry) => {
    const [, star, bracketed, plain, port] = /^(\*\.)?(?:\[([\da-f:.]+)\]|([^\s:/[\]*]+))(?::(\d{1,5}))?$/i.exec(entry.trim()) ?? []
    const bare = isIP(entry.trim()) === 6 ? entry.trim() : undefined
    const name = (bare ?? bracketed ?? plain)?.toLowerCase()
    return name ? [{ name, below: star !== undefined, ...(port ? { port: Number(port) } : {}) }] : []
  })
}

/** An entry without a port stands for https. */
export const lists = (hosts: Hosts, { name, port }: Place): boolean =>
  hosts.some(
    (host) => (host.below ? isIP(name) === 0 && name.endsWith(`.${host.name}`) : name === host.name) && port === (host.port ?? 443),
  )

export type Place = { readonly name: string; readonly port: number }

/** The authority of a CONNECT: `example.com:443`, `[2001:db8::1]:443`. Undefined for anything else, user and escapes included. */
export function readPlace(authority: string): Place | undefined {
  const [, bracketed, plain, port] = /^(?:\[([\da-f:.]{2,45})\]|([a-z\d](?:[\w.-]{0,251}[a-z\d])?)):(\d{1,5})$/i.exec(authority) ?? []
  const name = (bracketed ?? plain)?.toLowerCase()
  return name && Number(port) > 0 && Number(port) < 65_536 && !name.includes('..') ? { name, port: Number(port) } : undefined
}
