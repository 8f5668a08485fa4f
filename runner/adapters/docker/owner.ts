import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Who a container belongs to: `<host>:<pid>:<start time>`. The start time tells a process from a later one that got its
 * number; the host part holds machine, boot and pid namespace, because a pid means nothing outside them.
 */
export type Owner = string

export type Life = 'live' | 'dead' | 'unknown'

export const thisProcess = (): Owner => `${thisHost()}:${process.pid}:${startTime(process.pid) ?? 0}`

/** `unknown`: it lives on another machine or in another pid namespace, so from here nobody can tell. */
export function lifeOf(owner: Owner): Life {
  const [host = '', pid = '', started = ''] = owner.split(':')
  const [machine, boot, space] = host.split('.')
  const [ourMachine, ourBoot, ourSpace] = thisHost().split('.')
  if (machine !== ourMachine) return 'unknown'
  if (boot !== ourBoot) return 'dead'
  if (space !== ourSpace) return 'unknown'
  return startTime(Number(pid)) === Number(started) ? 'live' : 'dead'
}

function thisHost(): string {
  const machine = read('/etc/machine-id')?.slice(0, 12) || hostname().replaceAll(/[^\w-]/g, '-')
  const boot = read('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? 'boot'
  const space = link('/proc/self/ns/pid')?.replaceAll(/\D/g, '') ?? '0'
  return `${machine}.${boot}.${space}`
}

/** Clock ticks after boot, field 22 of /proc/<pid>/stat; the command before it may hold spaces and parentheses. */
function startTime(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`)
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return ticks === undefined ? undefined : Number(ticks)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
