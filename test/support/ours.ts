import { execFileSync } from 'node:child_process'

const list = (...args: string[]) =>
  execFileSync('docker', args, { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '')
const label = ['--filter', 'label=proctor.owner'] as const

/** What a proctor that had this process id has on the engine now: containers, networks and volumes. Snapshots are a cache, and stay. */
export function leftBy(pid: number): string[] {
  const containers = list('ps', '-a', ...label, '--format', '{{.Names}} {{.Label "proctor.owner"}}')
  const networks = list('network', 'ls', ...label, '--format', '{{.Name}} {{.Label "proctor.owner"}}')
  const volumes = list('volume', 'ls', ...label, '--format', '{{.Name}} {{.Label "proctor.owner"}}')
  return [...containers, ...networks, ...volumes].filter((line) => line.includes(`:${pid}:`))
}
