import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A secret that occurs nowhere else, with letters that URLs escape, and none that a file name cannot have. */
export const canaryOf = (name: string): string => `canary-${name}-${randomBytes(18).toString('base64url')}+%=`

/** How a secret may be written down: plain, JSON, URL, hex, and base64 at each of its three offsets, without the letters that neighbours share. */
export function formsOf(secret: string): string[] & { in(folder: string): Promise<string[]> } {
  const bytes = Buffer.from(secret)
  const shifted = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    return text.slice(Math.ceil((before * 4) / 3), -1)
  })
  const forms = [
    secret,
    secret.slice(0, -4),
    encodeURIComponent(secret),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...shifted,
  ]
  return Object.assign(forms, { in: (folder: string) => findIn(folder, forms) })
}

/** Files below the folder that hold one of the texts, or are called by one. */
async function findIn(folder: string, forms: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name)
      const text = entry.isFile() || entry.isSymbolicLink() ? await readFile(path, 'latin1') : ''
      return forms.some((form) => text.includes(form) || entry.name.includes(form)) ? [path] : []
    }),
  )
  return found.flat()
}

/** Looks, while it lives, at the arguments of all processes outside of sandboxes and at what the engine says of containers of ours. */
export function watchMachine(): { seen(): string } & Disposable {
  const texts = new Set<string>()
  const look = () => {
    texts.add(argumentsOutside())
    const ids = run('docker', 'ps', '-aq', '--filter', 'label=proctor.owner').split('\n').filter(Boolean)
    if (ids.length > 0) texts.add(run('docker', 'inspect', ...ids))
  }
  const timer = setInterval(look, 150)
  return {
    seen() {
      look()
      return [...texts].join('\n')
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

/** Of processes of this machine; those in sandboxes are the agent's own, and it may call its commands what it likes. */
function argumentsOutside(): string {
  const namespace = (pid: string) => readlinkSync(`/proc/${pid}/ns/pid`)
  const ours = namespace('self')
  const line = (pid: string) => {
    try {
      return namespace(pid) === ours ? readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ') : ''
    } catch {
      return ''
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(line)
    .join('\n')
}

function run(command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 })
  } catch (thrown) {
    // A container that went away meanwhile; the others are in the output all the same.
    return thrown instanceof Error && 'stdout' in thrown ? String(thrown.stdout) : ''
  }
}
