import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { ProctorError } from '../../domain/error.ts'
import { digestBytes } from '../../lib/digest.ts'
import type { Baseline, TreeChange, TreeDiff, TreeEntry, Trees } from '../../seams/trees.ts'
import { commitBaseline, commitChanges } from './fast-import.ts'
import { GitFailed, git, gitOutput } from './git-process.ts'
import { readDiff } from './read-diff.ts'
import { scratch } from './scratch.ts'

type Open = {
  /** Baselines are kept here between runs, one bare repository each. */
  readonly cacheDir: string
  /** The host's environment, of which git gets PATH. */
  readonly variables?: Readonly<Record<string, string | undefined>>
  /** Milliseconds after which a comparison is given up. Hostile content can make one take hours. */
  readonly deadlineMs?: number
}
const kept = 8
const ref = 'refs/heads/baseline'

/** Baselines and comparisons by git plumbing, in bare repositories that only this file writes. */
export function openTrees({ cacheDir, variables = {}, deadlineMs = 120_000 }: Open): Trees {
  const path = variables.PATH
  const loaded = new Map<string, Promise<Baseline>>()

  async function load(key: string, read: () => Promise<ReadableStream<Uint8Array>>): Promise<Baseline> {
    const repository = folder(key)
    if (await exists(join(repository, 'HEAD'))) await utimes(repository, new Date(), new Date())
    else await make(repository, read)
    const options = { repository, path, signal: AbortSignal.timeout(deadlineMs) }
    return { key, entries: readEntries(await gitOutput(['ls-tree', '-r', '-l', '-z', ref], options)) }
  }

  async function make(repository: string, read: () => Promise<ReadableStream<Uint8Array>>): Promise<void> {
    await using draft = await scratch(cacheDir)
    layOut(draft.path)
    const tar = await read()
    await gitOutput(['fast-import', '--quiet', '--depth=0'], {
      repository: draft.path,
      path,
      signal: AbortSignal.timeout(10 * 60_000),
      feed: (stdin) => commitBaseline({ ref, tar, stdin }),
    })
    await draft.moveTo(repository)
  }

  const folder = (key: string) => join(cacheDir, digestBytes(key).slice('sha256:'.length, 'sha256:'.length + 32))

  return {
    baseline(key, read) {
      const found = loaded.get(key) ?? load(key, read)
      loaded.delete(key)
      loaded.set(key, found)
      found.catch(() => loaded.delete(key))
      for (const oldest of loaded.keys()) if (loaded.size > kept) loaded.delete(oldest)
      return found
    },

    async diff(baseline, changes, { maxPatch, signal }) {
      const deadline = AbortSignal.timeout(deadlineMs)
      try {
        return await compare({
          cacheDir,
          repository: folder(baseline.key),
          path,
          changes,
          maxPatch,
          signal: AbortSignal.any([signal, deadline]),
        })
      } catch (error) {
        signal.throwIfAborted()
        if (deadline.aborted)
          throw new ProctorError(
            'work_too_large',
            `Comparing what the agent left with the baseline took more than ${deadlineMs / 1000} s.`,
            { cause: error },
          )
        // git took the baseline; what it refuses now is what the agent left, and that must not make a run unscored.
        if (error instanceof GitFailed && !error.isMachine) throw new ProctorError('work_unreadable', error.message, { cause: error })
        throw error
      }
    },
  }
}

type Compare = {
  readonly cacheDir: string
  readonly repository: string
  readonly path: string | undefined
  readonly changes: AsyncIterable<TreeChange>
  readonly maxPatch: number
  readonly signal: AbortSignal
}

/** The changes become a commit on top of the baseline, in a repository of their own that borrows the baseline's objects. */
async function compare({ cacheDir, repository, path, changes, maxPatch, signal }: Compare): Promise<TreeDiff> {
  await using mine = await scratch(cacheDir)
  layOut(mine.path, join(repository, 'objects'))
  const options = { repository: mine.path, path, signal }
  const from = readFileSync(join(repository, ref), 'latin1').trim()
  const lines = new Map<string, number>()
  const feed = commitChanges({ ref, from, changes, lines })
  await gitOutput(['fast-import', '--quiet', '--depth=0'], { ...options, feed })
  const flags = ['-r', '-M', '-l400', '--no-ext-diff', '--no-textconv', '--no-color', '--numstat', '-z', '-p']
  return await readDiff(git(['diff-tree', ...flags, from, ref], options), { maxPatch, lines })
}

/** What `git init --bare` makes, less what nobody needs. Synchronous: a handful of tiny files, for which the thread pool costs ten times as much. */
function layOut(repository: string, borrowed?: string): void {
  for (const name of ['objects/info', 'refs', 'info']) mkdirSync(join(repository, name), { recursive: true })
  writeFileSync(join(repository, 'HEAD'), 'ref: refs/heads/none\n')
  writeFileSync(join(repository, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
  writeFileSync(join(repository, 'info/attributes'), '* !diff !text !eol !crlf !filter !ident !working-tree-encoding !merge !whitespace\n')
  if (borrowed !== undefined) writeFileSync(join(repository, 'objects/info/alternates'), `${borrowed}\n`)
}

function readEntries(listed: Buffer): Map<string, TreeEntry> {
  const entries = new Map<string, TreeEntry>()
  for (const line of listed.toString('latin1').split('\0')) {
    const [, mode, oid, bytes, path] = /^(\d+) blob ([0-9a-f]+) +(\d+)\t(.*)$/s.exec(line) ?? []
    if (path === undefined || oid === undefined || (mode !== '100644' && mode !== '100755' && mode !== '120000')) continue
    entries.set(path, { mode, oid, bytes: Number(bytes) })
  }
  return entries
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
