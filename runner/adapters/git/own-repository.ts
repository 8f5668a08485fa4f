import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProctorError } from '../../domain/error.ts'
import { checkRef } from './ref.ts'
import { refusal, remoteGit } from './remote.ts'

/** `url` = of the repository that whoever runs us works for, without a login in it. `refs` = a commit, branch or tag, by a name of the caller's. */
type Wanted = {
  readonly url: string
  readonly token: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly refs: Readonly<Record<string, string>>
  readonly into: string
}
export type OwnTree = { readonly root: string; readonly commit: string }

/** Whatever the tree says about attributes: files come out as they were committed. */
const asCommitted = '* -text !eol !filter -ident !working-tree-encoding\n'

/**
 * Trees of a few commits of our own repository, each in a folder of its own, without history and without a trace of git. Submodules stay
 * empty, files of git-lfs stay pointers. Throws `agent_code_fetch_failed`.
 */
export async function takeTrees({ url, token, variables, refs, into }: Wanted, signal: AbortSignal): Promise<ReadonlyMap<string, OwnTree>> {
  const { origin, protocol } = new URL(url)
  const login = { value: token, origin }
  const own = protocol === 'http:' ? 'http' : 'https'
  const trees = new Map<string, OwnTree>()
  for (const [name, ref] of Object.entries(refs)) {
    const root = join(into, name)
    try {
      checkRef(ref)
      await mkdir(root, { recursive: true })
      const git = remoteGit(root, { variables, local: false, own, signal, token: login })
      await git.raw(['init', '--quiet'])
      await mkdir(join(root, '.git', 'info'), { recursive: true })
      await writeFile(join(root, '.git', 'info', 'attributes'), asCommitted)
      await git.raw(['fetch', '--quiet', '--depth=1', '--no-tags', url, `${ref}:refs/proctor/wanted`])
      const commit = (await git.raw(['rev-parse', '--verify', 'refs/proctor/wanted^{commit}'])).trim()
      await git.raw(['read-tree', commit])
      await git.raw(['checkout-index', '--all', '--quiet'])
      await rm(join(root, '.git'), { recursive: true, force: true })
      trees.set(name, { root, commit })
    } catch (error) {
      signal.throwIfAborted()
      const why = error instanceof Error ? refusal(error, login).message : String(error)
      throw new ProctorError('agent_code_fetch_failed', `${ref} of ${url}: ${why}`, { cause: error })
    }
  }
  return trees
}
