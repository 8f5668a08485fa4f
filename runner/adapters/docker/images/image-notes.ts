import { randomBytes } from 'node:crypto'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { z } from 'zod'
import type { Layer } from '../../../domain/environment.ts'
import { ProctorError } from '../../../domain/error.ts'

const Note = z.object({
  recipe: z.array(z.custom<Layer>((value) => typeof value === 'object' && value !== null)),
  of: z.array(z.string()),
  failed: z.object({ at: z.string(), message: z.string(), command: z.string().optional(), log: z.string() }).optional(),
})
/** What is known of a custom image beside the engine: how it is made, who asked for it, and how its last build failed. */
export type Note = z.infer<typeof Note>

export type ImageNotes = {
  read(digest: string): Promise<Note | undefined>
  write(digest: string, note: Note): Promise<void>
  /** Digests. */
  all(): Promise<readonly string[]>
  remove(digest: string): Promise<void>
  /** The log of the last build, or of the one under way. */
  log(digest: string): Promise<string | undefined>
  /** Nothing of the old log is gone before `begin`. */
  newLog(digest: string): { begin(): Promise<void>; push(text: string): void } & AsyncDisposable
}

/** A build that says more than this is not read by anybody. */
const maxLog = 16 * 1024 * 1024

/** `<folder>/<digest>/state.json` and `.../log`. What cannot be read or is not understood counts as not there. */
export function openNotes(folder: string | undefined): ImageNotes {
  const at = (digest: string, name = '') => {
    if (folder === undefined) throw new ProctorError('internal_error', 'No folder was given for the states of custom images.')
    return join(folder, digest, name)
  }
  return {
    async read(digest) {
      const written = await readFile(at(digest, 'state.json'), 'utf8').catch(unlessAbsent)
      const parsed = written === undefined ? undefined : Note.safeParse(fromJson(written))
      return parsed?.success ? parsed.data : undefined
    },
    write: (digest, note) => writeWhole(at(digest, 'state.json'), JSON.stringify(note)),
    async all() {
      const names = await readdir(dirname(at('x'))).catch(unlessAbsent)
      return (names ?? []).filter((name) => /^[0-9a-f]{64}$/.test(name))
    },
    remove: (digest) => rm(at(digest), { recursive: true, force: true }),
    log: (digest) => readFile(at(digest, 'log'), 'utf8').catch(unlessAbsent),
    newLog(digest) {
      let file: WriteStream | undefined
      let room = maxLog
      return {
        async begin() {
          await mkdir(at(digest), { recursive: true })
          file ??= createWriteStream(at(digest, 'log'))
          // A disk that is full costs the log, not the build.
          file.on('error', () => {})
        },
        push(text) {
          if (room > 0) file?.write(text.length > room ? `${text.slice(0, room)}\n[... the rest is not kept ...]\n` : text)
          room -= text.length
        },
        async [Symbol.asyncDispose]() {
          if (file) await finished(file.end()).catch(() => {})
        },
      }
    },
  }
}

async function writeWhole(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, content)
  await rename(draft, path)
}

function fromJson(written: string): unknown {
  try {
    return JSON.parse(written)
  } catch {
    return undefined
  }
}

function unlessAbsent(thrown: NodeJS.ErrnoException): undefined {
  if (thrown.code !== 'ENOENT') throw thrown
}
