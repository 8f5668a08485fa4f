import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { ProctorError } from '../../domain/error.ts'
import { packTree, type TreeFile } from '../../lib/pack-tree.ts'
import type { Fetched, Fetcher, Source } from '../../seams/fetcher.ts'
import type { Blobs } from '../../seams/records.ts'
import { readDir } from './dir.ts'
import { Refused } from './guard.ts'
import { fetchPackage, type Registries } from './package.ts'
import { below, checkConflicts, flattened, withoutNoise } from './shape.ts'
import { readTarball } from './tarball.ts'
import { readZip } from './zip.ts'

/** What the fetcher needs of git; the git folder has it. */
export type Git = {
  /** Paths below a folder that version control knows or would take up, or undefined outside a work tree. */
  tracked(folder: string): Promise<ReadonlySet<string> | undefined>
  /** Checks a revision out into `to`, hooks off. A ref that is not there: strict -> Refused, else the default branch and a warning. */
  checkout(
    source: { readonly url: string; readonly ref?: string; readonly strict: boolean; readonly to: string },
    signal: AbortSignal,
  ): Promise<{ readonly commit: string; readonly warnings: readonly string[] }>
}
/** `apart`: folders that a run writes to or reads its answers from. They may lie in the package that it examines, and are no part of it. */
type Options = {
  readonly blobs: Blobs
  readonly git: Git
  readonly cacheDir: string
  readonly registries: Registries
  readonly apart?: readonly string[]
}
type Tree = { readonly files: readonly TreeFile[]; readonly pinned?: string; readonly warnings?: readonly string[] }

const codes = { agent: 'agent_code_fetch_failed', workspace: 'workspace_seed_failed' } as const

/** The `Fetcher` seam. Whatever an archive or a remote tries, it ends as a tar of plain files and links that stay inside, or as an error. */
export function openFetcher({ blobs, git, cacheDir, registries, apart = [] }: Options): Fetcher {
  async function read(source: Source, purpose: keyof typeof codes, signal: AbortSignal, staging: string): Promise<Tree> {
    if (source === 'empty') return { files: [] }
    if ('dir' in source) {
      const { path, only, except = [] } = source.dir
      const known = only ? new Set(only) : await git.tracked(path)
      return {
        files: await readDir(path, {
          ...(known ? { only: known } : {}),
          except: new Set([...except, ...apart.map((folder) => relative(path, folder))]),
        }),
      }
    }
    if ('zip' in source) return { files: below(flattened(withoutNoise(await readZip(source.zip.path, staging))), source.zip.subdirectory) }
    if ('package' in source) {
      const archive = await fetchPackage(source.package, { registries, cacheDir, signal })
      return {
        files: below(flattened(await readTarball(archive, staging)), source.package.subdirectory),
        pinned: `sha256:${source.package.sha256}`,
      }
    }
    const { url, ref, subdirectory } = source.git
    const { commit, warnings } = await git.checkout(
      { url, ...(ref === undefined ? {} : { ref }), strict: purpose === 'agent', to: staging },
      signal,
    )
    return { files: below(await readDir(staging, { everything: true }), subdirectory), pinned: commit, warnings }
  }

  async function fetch(source: Source, purpose: keyof typeof codes, signal: AbortSignal): Promise<Fetched> {
    await mkdir(cacheDir, { recursive: true })
    const staging = await mkdtemp(join(cacheDir, 'staging-'))
    try {
      const tree = await read(source, purpose, signal, staging)
      const kept = withoutNoise(tree.files)
      checkConflicts(kept)
      const files = await blobs.put(packTree(kept), `${purpose}.tar`)
      return { files, pinned: tree.pinned ?? files.digest, warnings: tree.warnings ?? [] }
    } catch (error) {
      if (error instanceof Refused) throw new ProctorError(codes[purpose], `${name(source)}: ${error.message}`, { cause: error })
      throw error
    } finally {
      await rm(staging, { recursive: true, force: true })
    }
  }
  return { fetch }
}

function name(source: Source): string {
  if (source === 'empty') return 'empty'
  if ('dir' in source) return source.dir.path
  if ('zip' in source) return source.zip.path
  if ('package' in source) return `${source.package.registry} ${source.package.name} ${source.package.version}`
  return source.git.url
}
