import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { ProctorError } from '../../domain/error.ts'

/** Bytes from which git neither holds a file in memory nor compares its lines. */
export const bigFile = 4 * 1024 * 1024

/** Nothing of the machine's own configuration and nothing that an attribute or a driver could change about a comparison. */
const neutral = [
  'core.attributesFile=/dev/null',
  'core.hooksPath=/dev/null',
  'core.quotePath=false',
  'core.protectNTFS=false',
  'core.protectHFS=false',
  'core.compression=0',
  `core.bigFileThreshold=${bigFile}`,
  'fastimport.unpackLimit=1',
].flatMap((setting) => ['-c', setting])
const environment = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  LC_ALL: 'C',
}

/** `settle` waits until git has read most of what was written. */
export type Pipe = { write(bytes: Uint8Array | string): void; settle(): Promise<void> }
type Options = {
  readonly repository: string
  /** Where git is looked for; undefined = where the system keeps its programs. */
  readonly path: string | undefined
  readonly signal: AbortSignal
  readonly feed?: (stdin: Pipe) => Promise<void>
}

/**
 * git as a process of its own, bytes in and bytes out: simple-git gives text, which destroys names and content that are not UTF-8,
 * and feeds no stdin. Ending the iteration early kills it. Throws `internal_error` when git fails, and what `feed` throws.
 */
export async function* git(args: readonly string[], { repository, path, signal, feed }: Options): AsyncGenerator<Buffer> {
  const child = spawn('git', [...neutral, `--git-dir=${repository}`, ...args], {
    env: { ...environment, ...(path === undefined ? {} : { PATH: path }) },
    cwd: repository,
    stdio: 'pipe',
    signal,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  ended.catch(() => {})
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => {
    if (said.length < 10_000) said += bytes.toString('latin1')
  })
  let failed: unknown
  const feeding = fill(child.stdin, feed).catch((error) => {
    failed = error
    child.kill('SIGKILL')
  })
  try {
    yield* child.stdout
    const code = await ended
    if (failed !== undefined && !(failed instanceof Closed)) throw failed
    if (code !== 0) throw new GitFailed(args[0], code, said.trim().slice(-2000))
    await feeding
  } finally {
    child.kill('SIGKILL')
  }
}

/** All that git says, for what is known to be short. */
export async function gitOutput(args: readonly string[], options: Options): Promise<Buffer> {
  const said: Buffer[] = []
  for await (const bytes of git(args, options)) said.push(bytes)
  return Buffer.concat(said)
}

/** `isMachine`: it lacked room, memory or processes; otherwise it refused what it was given. */
export class GitFailed extends ProctorError {
  readonly isMachine: boolean

  constructor(command: string | undefined, code: number | null, said: string) {
    super('internal_error', `git ${command} ended with ${code}: ${said}`)
    this.isMachine =
      code === null ||
      /No space left|Disk quota|[Oo]ut of memory|Cannot (fork|allocate)|Resource temporarily|Input\/output error|Too many open files/.test(
        said,
      )
  }
}

/** git ended before it had read everything: its exit code says why. */
class Closed extends Error {}

async function fill(stdin: Writable, feed: Options['feed']): Promise<void> {
  stdin.on('error', () => {})
  const write = (bytes: Uint8Array | string) => {
    if (stdin.destroyed) throw new Closed()
    stdin.write(bytes)
  }
  const settle = async () => {
    if (!stdin.writableNeedDrain || stdin.destroyed) return
    await new Promise<void>((resolve) => {
      const done = () => {
        stdin.off('drain', done).off('close', done)
        resolve()
      }
      stdin.on('drain', done).on('close', done)
    })
  }
  await feed?.({ write, settle })
  stdin.end()
}
