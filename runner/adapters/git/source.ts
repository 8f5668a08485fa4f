import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SimpleGit } from 'simple-git'
import { httpsUrl } from '../../lib/https-url.ts'
import type { Git } from '../fetch/fetcher.ts'
import { meter, Refused } from '../fetch/guard.ts'
import { openGuardedProxy } from './guarded-proxy.ts'
import { openReach } from './reach.ts'
import { branchOfHead, checkRef, findRef, patternsOf, type Revision } from './ref.ts'
import { refusal, remoteGit, type Token } from './remote.ts'
import { linksOf, takeSubmodules } from './submodules.ts'
import { measureTree } from './tree-size.ts'

/** Bytes that a remote and its submodules may send: history is needed where a commit is named by a part of its name. */
const mostSent = 2 * 2 ** 30
/** ms for a source with all its submodules. */
const longestFetch = 30 * 60_000

type Variables = Readonly<Record<string, string | undefined>>

/** git as a source of trees. `variables` = the host's environment, of which git gets what it needs to reach a remote. */
export function openGit(variables: Variables): Git {
  async function tracked(folder: string): Promise<ReadonlySet<string> | undefined> {
    if (!existsSync(folder)) return undefined
    const repository = remoteGit(folder, { variables, local: true })
    try {
      const listed = await repository.raw(['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', '.'])
      const paths = listed.split('\0').filter((path) => path !== '' && existsSync(join(folder, path)))
      return paths.length > 0 ? new Set(paths) : undefined
    } catch {
      return undefined
    }
  }

  const checkout: Git['checkout'] = async ({ url: written, ref, strict, local, to, token, known }, given) => {
    if (ref !== undefined) checkRef(ref)
    const remote = remoteOf(written, { local })
    const signal = AbortSignal.any([given, AbortSignal.timeout(longestFetch)])
    const reach = openReach(variables.PROCTOR_PRIVATE_HOSTS)
    await using proxy = remote.origin === undefined ? undefined : await openGuardedProxy({ reach, variables, maxBytes: mostSent, signal })
    const login = token === undefined ? undefined : loginOf(remote, token.value)
    const count = meter()

    const gitIn = (folder: string, mine: Token | undefined) =>
      remoteGit(folder, {
        variables,
        local: remote.origin === undefined,
        signal,
        ...(proxy ? { proxy: proxy.url } : {}),
        ...(mine ? { token: mine } : {}),
      })
    /** What the proxy would not reach says more than what git made of that. */
    const explained = (error: unknown): never => {
      given.throwIfAborted()
      if (signal.aborted) throw new Refused(`it took more than ${longestFetch / 60_000} minutes`)
      const refused = proxy?.refused()
      if (refused !== undefined) throw new Refused(refused, { cause: error })
      throw error
    }

    /** Checks out a commit with its submodules; nothing of git stays behind. */
    const take = async (
      at: { readonly url: string; readonly folder: string; readonly revision: Revision; readonly depth: number },
      mine: Token | undefined,
    ): Promise<string | undefined> => {
      const repository = gitIn(at.folder, mine)
      const commit = await fetchRevision(repository, at.url, at.revision, mine)
      if (commit === undefined) return undefined
      const links = await measureTree(commit, { folder: at.folder, path: variables.PATH, count, signal })
      await repository.raw(['checkout', '--quiet', '--force', '--detach', commit]).catch(thrownAs(mine))
      const submodules =
        links.length > 0 ? await linksOf(repository, { commit, links, url: at.url, isLocal: remote.origin === undefined }) : []
      await rm(join(at.folder, '.git'), { recursive: true, force: true })
      await takeSubmodules(submodules, { folder: at.folder, depth: at.depth, count }, async ({ url, folder, revision, depth }) => {
        const same = login && token?.scope === 'host' && URL.canParse(url) && new URL(url).origin === login.origin ? login : undefined
        await gitIn(folder, same).raw(['init', '--quiet'])
        return take({ url, folder, revision, depth }, same)
      })
      return commit
    }

    try {
      const repository = gitIn(to, login)
      await repository.raw(['init', '--quiet'])
      const answer = await repository.raw(['ls-remote', '--symref', '--', remote.url, ...patternsOf(ref)]).catch(thrownAs(login))
      const found = findRef(answer, ref)
      const head = findRef(answer, undefined)
      const missing = `it has no branch, tag or commit ${JSON.stringify(ref ?? 'HEAD')}`
      if (!found && strict) throw new Refused(missing)
      const tries = [...(found ? [found] : []), ...(!strict && head ? [head] : [])]
      for (const revision of tries) {
        const warnings = revision === found ? [] : [fallback(written, ref, { branch: branchOfHead(answer), commit: revision.commit ?? '' })]
        if (revision.commit !== undefined && (await known?.(revision.commit))) return { commit: revision.commit, warnings, known: true }
        const commit = await take({ url: remote.url, folder: to, revision, depth: 0 }, login)
        if (commit !== undefined) return { commit, warnings }
      }
      throw new Refused(head ? missing : 'it is empty')
    } catch (error) {
      return explained(error)
    }
  }
  return { tracked, checkout }
}

/** `origin` = scheme, host and port; absent for a repository on this machine. */
type Remote = { readonly url: string; readonly origin?: string }

function remoteOf(text: string, { local }: { local: boolean }): Remote {
  if (local && (text.startsWith('/') || text.startsWith('file:///'))) return { url: text }
  const url = httpsUrl(text)
  if ('refused' in url)
    throw new Refused(
      `${url.refused}: only https URLs without user, password and query are accepted${local ? ', and file URLs or absolute paths on this machine' : ''}`,
    )
  return { url: url.href, origin: url.origin }
}

function loginOf({ origin }: Remote, value: string): Token {
  if (origin === undefined) throw new Refused('a credential is for https URLs; a repository on this machine needs none')
  if (/[\r\n\0]/.test(value)) throw new Refused('its credential has more than one line, so it is no token')
  return { value, origin }
}

const fallback = (url: string, ref: string | undefined, { branch, commit }: { branch: string; commit: string }) =>
  `${url} has no ref ${JSON.stringify(ref)}: the default branch ${branch} (${commit.slice(0, 12)}) was used instead`

/** The commit, once it is here. One commit when the remote allows it; one that it will not give by name is looked for in the whole history. */
async function fetchRevision(
  repository: SimpleGit,
  url: string,
  { name, commit }: Revision,
  token: Token | undefined,
): Promise<string | undefined> {
  const fetch = (...args: string[]) => repository.raw(['fetch', '--quiet', '--no-tags', ...args])
  const commitOf = async (revision: string) =>
    (await repository.raw(['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]).catch(() => '')).trim() || undefined
  const isNamed = name === 'HEAD' || name.startsWith('refs/')
  if (isNamed) {
    await fetch('--depth', '1', '--', url, name).catch(thrownAs(token))
    return commitOf('FETCH_HEAD')
  }
  if (commit !== undefined) {
    const given = await fetch('--depth', '1', '--', url, commit).then(
      () => true,
      () => false,
    )
    if (given) return commitOf(commit)
  }
  await fetch('--', url, '+refs/*:refs/remote/*').catch(thrownAs(token))
  return commitOf(commit ?? name)
}

const thrownAs = (token: Token | undefined) => (error: Error) => {
  throw error instanceof Refused ? error : refusal(error, token)
}
