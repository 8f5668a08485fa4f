import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import { ProctorError } from '../../../runner/domain/error.ts'
import { type Pool, poolOf } from './pool.ts'

/** Little memory, and no more of old write-ahead log than has to be kept: every backup copies it. */
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB', '-c', 'min_wal_size=32MB']

/** What the machine refuses says nothing about the files. */
const ofTheMachine = /No space left|Permission denied|Read-only file system|Too many open files|out of memory|\bOOM\b/i

/**
 * PostgreSQL inside of this process, on the files in `folder`, or in memory without one. It takes no lock: whoever calls owns the folder.
 * Throws `database_damaged` with PostgreSQL's own words when it does not start on these files, `database_unreachable` when the machine is
 * to blame.
 */
export async function startPglite(folder?: string): Promise<PGlite> {
  const said: string[] = []
  let isStarting = true
  const onStderr = (line: string) => {
    if (isStarting) said.push(line)
    return false
  }
  try {
    return await PGlite.create({ ...(folder !== undefined && { dataDir: folder }), startParams, onStderr })
  } catch (error) {
    const why = lastWords(said) ?? (isOfPostgres(error) ? error.message : undefined)
    if (folder === undefined || why === undefined) throw error
    // Inside of PGlite every folder has this name.
    const text = why.replaceAll('/pglite/data', folder)
    if (ofTheMachine.test(text)) throw new ProctorError('database_unreachable', `${folder}: ${text}`, { cause: error })
    throw new ProctorError('database_damaged', `${folder} cannot be opened: ${text}`, { cause: error })
  } finally {
    isStarting = false
  }
}

/** The same with a pool, of the one connection that there can be. */
export async function openPglite(
  folder: string,
  onError: (error: Error) => void,
): Promise<AsyncDisposable & { readonly pglite: PGlite; readonly pool: Pool }> {
  const pglite = await startPglite(folder)
  const pool = poolOf({ ...createPgConfig(pglite), max: 1, idleTimeoutMillis: 0 }, onError)
  return {
    pglite,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end()
      await pglite.close()
    },
  }
}

/** Why a server gave up: the line that ended it, and its detail. */
function lastWords(lines: readonly string[]): string | undefined {
  const at = lines.findLastIndex((line) => /\b(FATAL|PANIC): /.test(line))
  const word = (line = '', kind: RegExp) => kind.exec(line)?.[1]
  const fatal = word(lines[at], /\b(?:FATAL|PANIC): +(.*)/)
  const detail = word(lines[at + 1], /\bDETAIL: +(.*)/)
  return fatal && [fatal, detail].filter((part) => part !== undefined).join('; ')
}

/** It ended, in an orderly way or not; anything else, such as a part of PGlite that is not there, says nothing about the files. */
const isOfPostgres = (error: unknown): error is Error =>
  error instanceof Error && (error.name === 'RuntimeError' || error.message === 'PGlite failed to initialize properly')
