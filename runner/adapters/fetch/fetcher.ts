import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { BlobRef } from '../../domain/blob.ts'
import { type Code, ProctorError } from '../../domain/error.ts'
import type { Login } from '../../domain/plan.ts'
import { packTree, type TreeFile } from '../../lib/pack-tree.ts'
import type { Credentials } from '../../seams/credentials.ts'
import type { Fetched, Fetcher, Source } from '../../seams/fetcher.ts'
import type { Blobs } from '../../seams/records.ts'
import { readDir } from './dir.ts'
import { Refused } from './guard.ts'
import { fetchPackage, type Registries } from './package.ts'
import { below, checkConflicts, flattened, withoutNoise } from './shape.ts'
import { readTarball } from './tarball.ts'
import { openTreeCache } from './tree-cache.ts'
import { readZip } from './zip.ts'

/** What the fetcher needs of git; the git folder has it. */
export type Git = {
  /** Paths below a folder that version control knows or would take up, or undefined outside a work tree. */
  tracked(folder: string): Promise<ReadonlySet<string> | undefined>
  /**
   * Checks a revision out into `to`, an empty folder, hooks off, and leaves nothing of git there. A ref that is not there: strict ->
   * Refused, else the default branch and a warning. A commit that is `known` already is not fetched; the remote was asked all the same.
   */
  checkout(
    source: Revision,
    signal: AbortSignal,
  ): Promise<{ readonly commit: string; readonly warnings: readonly string[]; readonly known?: true }>
}
type Revision = {
  readonly url: string
  readonly ref?: string
  readonly strict: boolean
  /** Repositories of this machine are accepted too. */
  readonly local: boolean
  readonly to: string
  /** What opens the repository: with the scope `host`, its submodules on the same host too. */
  readonly token?: { readonly value: string; readonly scope: 'host' | 'repository' }
  readonly known?: (commit: string) => Promise<boolean>
}
/** `apart`: folders that a run writes to or reads its answers from. They may lie in the package that it examines, and are no part of it. */
type Options = {
  readonly blobs: Blobs
  readonly git: Git
  readonly credentials: Credentials
  readonly cacheDir: string
  readonly registries: Registries
  readonly apart?: readonly string[]
}
type Purpose = 'agent' | 'workspace'
type Tree = { readonly files: readonly TreeFile[]; readonly pinned?: string; readonly warnings?: readonly string[] }

const codes = { agent: 'agent_code_fetch_failed', workspace: 'workspace_seed_failed' } as const satisfies Record<Purpose, Code>

/** The `Fetcher` seam. Whatever an archive or a remote tries, it ends as a tar of plain files and links that stay inside, or as an error. */
export function openFetcher({ blobs, git, credentials, cacheDir, registries, apart = [] }: Options): Fetcher {
  const keep = async (tree: readonly TreeFile[], purpose: Purpose): Promise<BlobRef> => {
    const kept = withoutNoise(tree)
    checkConflicts(kept)
    return blobs.put(packTree(kept), `${purpose}.tar`)
  }

  async function read(source: Exclude<Source, { git: unknown }>, signal: AbortSignal, staging: string): Promise<Tree> {
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
    const archive = await fetchPackage(source.package, { registries, cacheDir, signal })
    return {
      files: below(flattened(await readTarball(archive, staging)), source.package.subdirectory),
      pinned: `sha256:${source.package.sha256}`,
    }
  }

  async function clone(
    { git: source }: Extract<Source, { git: unknown }>,
    purpose: Purpose,
    signal: AbortSignal,
    staging: string,
  ): Promise<Fetched> {
    const { login, url, ref, subdirectory } = source
    const token = login && (await tokenOf(login, credentials))
    const trees = openTreeCache(join(cacheDir, 'git'), { url, subdirectory })
    const { commit, warnings, known } = await git.checkout(
      {
        url,
        ...(ref === undefined ? {} : { ref }),
        strict: purpose === 'agent',
        local: purpose === 'workspace',
        to: staging,
        ...(token === undefined ? {} : { token }),
        known: trees.has,
      },
      signal,
    )
    if (!known) {
      const files = withoutNoise(below(await readDir(staging, { everything: true }), subdirectory))
      checkConflicts(files)
      await trees.put(commit, packTree(files))
    }
    return { files: await blobs.put(trees.get(commit), `${purpose}.tar`), pinned: commit, warnings }
  }

  async function fetch(source: Source, purpose: Purpose, signal: AbortSignal): Promise<Fetched> {
    await mkdir(cacheDir, { recursive: true })
    const staging = await mkdtemp(join(cacheDir, 'staging-'))
    try {
      if (typeof source === 'object' && 'git' in source) return await clone(source, purpose, signal, staging)
      const { files: tree, pinned, warnings = [] } = await read(source, signal, staging)
      const files = await keep(tree, purpose)
      return { files, pinned: pinned ?? files.digest, warnings }
    } catch (error) {
      if (error instanceof Refused) throw new ProctorError(codes[purpose], `${name(source)}: ${error.message}`, { cause: error })
      throw error
    } finally {
      await rm(staging, { recursive: true, force: true })
    }
  }
  return { fetch }
}

/** A credential opens what its host lets it; a token that was stored for a repository opens that one alone. Throws `agent_secret_unresolved`. */
async function tokenOf(login: Login, credentials: Credentials): Promise<NonNullable<Revision['token']>> {
  if ('storedFor' in login) return { value: await credentials.storedToken(login.storedFor), scope: 'repository' }
  const values = await credentials.resolve([login.credential])
  return { value: values.get(login.credential) ?? '', scope: 'host' }
}

function name(source: Source): string {
  if (source === 'empty') return 'empty'
  if ('dir' in source) return source.dir.path
  if ('zip' in source) return source.zip.path
  if ('package' in source) return `${source.package.registry} ${source.package.name} ${source.package.version}`
  return withoutLogin(source.git.url)
}

/** A URL that is refused for the secret in it is not repeated with it: neither what stands before the host nor what comes after the path. */
const withoutLogin = (url: string) => url.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1')
