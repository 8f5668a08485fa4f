import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProctorError } from '../../domain/error.ts'
import { meter, Refused } from '../fetch/guard.ts'
import { cutOutwardLinks } from '../fetch/outward-links.ts'
import { folderLimit } from './folder-limit.ts'
import { checkRef } from './ref.ts'
import { refusal, remoteGit } from './remote.ts'
import { measureTree } from './tree-size.ts'

/** `url` = of the repository that whoever runs us works for, without a login in it. `refs` = a commit, branch or tag, by a name of the caller's. */
type Wanted = {
  readonly url: string
  readonly token: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly refs: Readonly<Record<string, string>>
  readonly into: string
  /** Of one tree: bytes that the host may send, bytes and entries of what comes out. */
  readonly most?: { readonly sent: number; readonly unpacked: number; readonly entries: number }
}
export type OwnTree = { readonly root: string; readonly commit: string }

/** A repository of one's own may be larger than an agent, but whoever opens a pull request fills it too. */
const usualMost = { sent: 2 * 2 ** 30, unpacked: 4 * 2 ** 30, entries: 500_000 }

/** Whatever the tree says about attributes: files come out as they were committed. */
const asCommitted = '* -text !eol !filter -ident !working-tree-encoding\n'

/**
 * Trees of a few commits of our own repository, each in a folder of its own, without history and without a trace of git. Submodules stay
 * empty, files of git-lfs stay pointers, links that lead out of the tree lead nowhere. Throws `agent_code_fetch_failed`.
 */
export async function takeTrees(wanted: Wanted, signal: AbortSignal): Promise<ReadonlyMap<string, OwnTree>> {
  const { url, token, refs, into } = wanted
  const { origin } = new URL(url)
  const login = { value: token, origin }
  const trees = new Map<string, OwnTree>()
  for (const [name, ref] of Object.entries(refs)) {
    const root = join(into, name)
    try {
      trees.set(name, { root, commit: await takeTree(wanted, { ref, root, login, signal }) })
    } catch (error) {
      await rm(root, { recursive: true, force: true })
      signal.throwIfAborted()
      const why = error instanceof Error ? refusal(error, login).message : String(error)
      throw new ProctorError('agent_code_fetch_failed', `${ref} of ${url}: ${why}`, { cause: error })
    }
  }
  return trees
}

type One = {
  readonly ref: string
  readonly root: string
  readonly login: { readonly value: string; readonly origin: string }
  readonly signal: AbortSignal
}

/** Nothing is written as a file before it was counted. Returns the commit. */
async function takeTree(wanted: Wanted, one: One): Promise<string> {
  const { root, signal } = one
  const { variables, most = usualMost } = wanted
  checkRef(one.ref)
  await mkdir(root, { recursive: true })
  const commit = await fetchCommit(wanted, one)
  await measureTree(commit, { folder: root, path: variables.PATH, count: meter(most), signal })
  const git = remoteGit(root, { variables, local: false, signal })
  await git.raw(['read-tree', commit])
  await git.raw(['checkout-index', '--all', '--quiet'])
  await rm(join(root, '.git'), { recursive: true, force: true })
  await cutOutwardLinks(root)
  return commit
}

async function fetchCommit({ url, variables, most = usualMost }: Wanted, { ref, root, login, signal }: One): Promise<string> {
  using limit = folderLimit(join(root, '.git', 'objects'), most.sent)
  const own = new URL(url).protocol === 'http:' ? 'http' : 'https'
  const git = remoteGit(root, { variables, local: false, own, signal: AbortSignal.any([signal, limit.signal]), token: login })
  try {
    await git.raw(['init', '--quiet'])
    // Small packs too go to the disk as they come: unpacked at once, a few of them would fill the memory.
    await git.raw(['config', 'fetch.unpackLimit', '1'])
    await mkdir(join(root, '.git', 'info'), { recursive: true })
    await writeFile(join(root, '.git', 'info', 'attributes'), asCommitted)
    await git.raw(['fetch', '--quiet', '--depth=1', '--no-tags', url, `${ref}:refs/proctor/wanted`])
    return (await git.raw(['rev-parse', '--verify', 'refs/proctor/wanted^{commit}'])).trim()
  } catch (error) {
    throw limit.signal.aborted ? new Refused(`it is larger than ${most.sent / 2 ** 20} MB`, { cause: error }) : error
  }
}
