import { execFileSync } from 'node:child_process'

const list = (...args: string[]) =>
  execFileSync('docker', args, { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '')

/** What of proctor's is on the engine now: containers, networks and volumes, by id. Snapshots are a cache, and stay. */
export function ours(): ReadonlySet<string> {
  const label = 'label=proctor.owner'
  return new Set([
    ...list('ps', '-aq', '--no-trunc', '--filter', label),
    ...list('network', 'ls', '-q', '--no-trunc', '--filter', label),
    ...list('volume', 'ls', '-q', '--filter', label),
  ])
}

/** What is there now and was not there `before`. */
export const leftSince = (before: ReadonlySet<string>): string[] => [...ours()].filter((id) => !before.has(id))
