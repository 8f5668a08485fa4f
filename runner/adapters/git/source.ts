import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type SimpleGit, simpleGit } from 'simple-git'
import type { Git } from '../fetch/fetcher.ts'
import { Refused } from '../fetch/guard.ts'

/** Nothing of the machine's own git configuration, no prompt, no hook, no helper, no protocol but the one that was allowed. */
const neutral = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.symlinks=true',
  'core.autocrlf=false',
  'protocol.allow=never',
  'protocol.https.allow=always',
  'protocol.file.allow=always',
  'submodule.recurse=false',
  'credential.helper=',
  'http.followRedirects=initial',
]
const environment = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_LFS_SKIP_SMUDGE: '1',
  LC_ALL: 'C',
}
const passed = [
  'PATH',
  'HOME',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'GIT_SSL_CAINFO',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
]
/** Silence of the remote, in ms, after which it counts as gone. */
const block = 120_000

/** git as a source of trees. `variables` = the host's environment, of which git gets what it needs to reach a remote. */
export function openGit(variables: Readonly<Record<string, string | undefined>>): Git {
  const git = (folder: string, signal?: AbortSignal): SimpleGit =>
    simpleGit({
      baseDir: folder,
      config: [...neutral],
      timeout: { block },
      allowEnvironment: [...Object.keys(environment), ...passed],
      ...(signal ? { abort: signal } : {}),
      unsafe: {
        allowUnsafeHooksPath: true,
        allowUnsafeProtocolOverride: true,
        allowUnsafeConfigPaths: true,
        allowUnsafeCredentialHelper: true,
        allowUnsafeFsMonitor: true,
      },
    }).env({ ...reach(variables), ...environment })

  async function tracked(folder: string): Promise<ReadonlySet<string> | undefined> {
    if (!existsSync(folder)) return undefined
    const repository = git(folder)
    try {
      const listed = await repository.raw(['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', '.'])
      const paths = listed.split('\0').filter((path) => path !== '' && existsSync(join(folder, path)))
      return paths.length > 0 ? new Set(paths) : undefined
    } catch {
      return undefined
    }
  }

  const checkout: Git['checkout'] = async ({ url, ref, strict, to }, signal) => {
    checkUrl(url)
    if (ref?.startsWith('-')) throw new Refused(`the ref ${JSON.stringify(ref)} begins with a hyphen`)
    const repository = git(to, signal)
    await repository.raw(['init', '--quiet'])
    await repository.raw(['remote', 'add', 'origin', url])
    const branch = await defaultBranch(repository, signal)
    const wanted = ref ?? branch
    const found = await fetchRef(repository, wanted, signal)
    if (!found && strict) throw new Refused(`it has no branch, tag or commit ${JSON.stringify(wanted)}`)
    const revision = found ?? (await fetchRef(repository, branch, signal))
    if (!revision) throw new Refused(`its default branch ${branch} can't be fetched`)
    await repository.raw(['checkout', '--quiet', '--force', '--detach', revision])
    if (existsSync(join(to, '.gitmodules')))
      await repository.raw(['submodule', '--quiet', 'update', '--init', '--recursive', '--depth', '1']).catch(refuse(signal))
    const commit = (await repository.raw(['rev-parse', 'HEAD'])).trim()
    return {
      commit,
      warnings: found
        ? []
        : [`${url} has no ref ${JSON.stringify(wanted)}: the default branch ${branch} (${commit.slice(0, 12)}) was used instead`],
    }
  }
  return { tracked, checkout }
}

function checkUrl(url: string): void {
  if (url.startsWith('/')) return
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.username || parsed?.password) throw new Refused('a URL with a user or password in it is not accepted')
  if (parsed?.protocol !== 'https:' && parsed?.protocol !== 'file:')
    throw new Refused('only https URLs are accepted, and file URLs or absolute paths on this machine')
}

async function defaultBranch(repository: SimpleGit, signal: AbortSignal): Promise<string> {
  const answer = await repository.raw(['ls-remote', '--symref', 'origin', 'HEAD']).catch(refuse(signal))
  return /^ref: refs\/heads\/(\S+)\tHEAD/m.exec(answer)?.[1] ?? 'HEAD'
}

/** What to check out. One commit when the remote allows it; a commit that it will not give by name is looked for in the whole history. */
async function fetchRef(repository: SimpleGit, ref: string, signal: AbortSignal): Promise<string | undefined> {
  const tryFetch = (...args: string[]) =>
    repository.raw(['fetch', '--quiet', '--no-tags', ...args]).then(
      () => true,
      () => {
        signal.throwIfAborted()
        return false
      },
    )
  if (await tryFetch('--depth', '1', 'origin', ref)) return 'FETCH_HEAD'
  if (!/^[0-9a-f]{7,40}$/i.test(ref) || !(await tryFetch('origin', '+refs/*:refs/remote/*'))) return undefined
  const commit = await repository.raw(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]).catch(() => '')
  if (commit.trim() === '') return undefined
  return commit.trim()
}

function refuse(signal: AbortSignal) {
  return (error: Error): never => {
    signal.throwIfAborted()
    throw new Refused(error.message.split('\n').find((line) => line.startsWith('fatal:')) ?? error.message.split('\n')[0] ?? 'git failed')
  }
}

/** What git needs to find its way out of a company's network. */
function reach(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(passed.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])))
}
