import { posix } from 'node:path'

/** What a source may weigh. Archives: the documented 100 MB packed and 500 MB unpacked. */
export const most = { packed: 100 * 2 ** 20, unpacked: 500 * 2 ** 20, entries: 50_000, pathBytes: 1024, depth: 64 } as const

/** A refusal in words; the fetcher turns it into the code of whoever asked. */
export class Refused extends Error {}

/** A name out of an archive -> a relative POSIX path, or Refused. */
export function safePath(name: string): string {
  const shown = JSON.stringify(name.slice(0, 120))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL ends a path early in every system call
  if (/\u0000/.test(name) || name.includes('\ufffd')) throw new Refused(`the name ${shown} is not UTF-8 text`)
  if (name.includes('\\')) throw new Refused(`the name ${shown} has a backslash`)
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) throw new Refused(`the name ${shown} is absolute`)
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Refused(`the name ${shown} leads outside`)
  if (parts.length === 0) throw new Refused(`the name ${shown} is empty`)
  if (parts.length > most.depth || Buffer.byteLength(name) > most.pathBytes) throw new Refused(`the name ${shown} is too long or too deep`)
  return parts.join('/')
}

/** A symbolic link may point anywhere inside the tree, and nowhere else. */
export function safeLink(path: string, target: string): string {
  const end = posix.normalize(posix.join(posix.dirname(path), target))
  if (target.startsWith('/') || end === '..' || end.startsWith('../'))
    throw new Refused(`the link ${JSON.stringify(path)} points outside, to ${JSON.stringify(target.slice(0, 120))}`)
  return target
}

/** Counts what comes out of an archive, and stops it before the disk does. */
export function meter(limits: { readonly unpacked: number; readonly entries: number } = most): {
  entry(): void
  bytes(count: number): void
} {
  let entries = 0
  let unpacked = 0
  return {
    entry() {
      if (++entries > limits.entries) throw new Refused(`it has more than ${limits.entries} entries`)
    },
    bytes(count) {
      unpacked += count
      if (unpacked > limits.unpacked) throw new Refused(`it unpacks to more than ${limits.unpacked / 2 ** 20} MB`)
    },
  }
}
