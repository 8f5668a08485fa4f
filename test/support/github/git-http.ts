import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { backend } from '../git-server.ts'

/** Contents by path; null removes the file. */
export type Files = Readonly<Record<string, string | null>>
/** What one push did to one ref; zeros where it was not there, or is not there any more. */
export type Pushed = { readonly ref: string; readonly before: string; readonly after: string }
export type GitHost = Awaited<ReturnType<typeof openGitHost>>
export type Repository = Awaited<ReturnType<GitHost['repository']>>
/** Whether a token reads a repository; undefined = nobody's token. */
type Rule = (token: string, repo: string) => boolean | undefined
const zeros = '0'.repeat(40)

/** The git half of github.com: real git over http, repositories by owner/name, read with tokens. Pushes do not go through the door. */
export async function openGitHost() {
  const folder = await mkdtemp(join(tmpdir(), 'proctor-git-host-'))
  const readers = new Map<string, ReadonlySet<string>>()
  let rule: Rule = () => undefined
  const asked: { readonly path: string; readonly token: string | undefined; readonly status: number }[] = []
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname
    const repo = /^\/([^/]+\/[^/]+?)\.git\/(info\/refs|git-upload-pack)$/.exec(path)?.[1]
    const token = tokenOf(request)
    const allowed = token === undefined || repo === undefined ? undefined : (readers.get(token)?.has(repo) ?? rule(token, repo))
    // As github.com: who may not read a repository is not told that it is there.
    const status = allowed === undefined ? 401 : allowed ? 200 : 404
    asked.push({ path, token, status })
    if (status === 200) return backend(folder, request, response)
    response.writeHead(status, status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}).end('Repository not found.')
  })
  await new Promise<void>((ready, failed) => server.on('error', failed).listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo // listening on TCP

  /** Opens repositories to a token: "x-access-token:<token>", as a workflow's. */
  const allow = (token: string, ...repos: readonly string[]) => void readers.set(token, new Set([...(readers.get(token) ?? []), ...repos]))

  /** An empty repository owner/name with a working clone beside it. Nothing is public before `push`. */
  async function repository(name: string) {
    const bare = join(folder, `${name}.git`)
    const work = join(folder, `${name}.work`)
    await mkdir(work, { recursive: true })
    git(folder, 'init', '--quiet', '--bare', bare)
    git(bare, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
    git(work, 'init', '--quiet')
    const tip = (ref: string) => git(bare, 'for-each-ref', '--format=%(objectname)', ref) || zeros
    const publish = (ref: string, sha: string): Pushed => {
      const before = tip(ref)
      git(work, 'push', '--quiet', '--force', bare, sha === zeros ? `:${ref}` : `${sha}:${ref}`)
      return { ref, before, after: tip(ref) }
    }
    return {
      name,
      bare,
      git: (...args: string[]) => git(work, ...args),
      /** A commit on the branch that is checked out. Gives its sha. */
      async commit(files: Files, { message = 'a change' }: { readonly message?: string } = {}): Promise<string> {
        for (const [path, text] of Object.entries(files)) {
          const file = join(work, path)
          if (text === null) await rm(file, { recursive: true, force: true })
          else await mkdir(dirname(file), { recursive: true }).then(() => writeFile(file, text))
        }
        git(work, 'add', '--all')
        git(work, 'commit', '--quiet', '--allow-empty', '--message', message)
        return git(work, 'rev-parse', 'HEAD')
      },
      /** Checks a branch out; a new one begins at `at`. */
      branch(branch: string, at = 'HEAD'): void {
        const isThere = git(work, 'branch', '--list', branch) !== ''
        git(work, 'checkout', '--quiet', ...(isThere ? [branch] : ['-b', branch, at]))
      },
      /** Publishes a branch as it is in the clone. */
      push: (branch = git(work, 'branch', '--show-current')): Pushed => publish(`refs/heads/${branch}`, git(work, 'rev-parse', branch)),
      /** Publishes a tag; an annotated one when there is a message. */
      tag(tag: string, { at = 'HEAD', message }: { readonly at?: string; readonly message?: string } = {}): Pushed {
        git(work, 'tag', '--force', ...(message === undefined ? [] : ['--annotate', '--message', message]), tag, at)
        return publish(`refs/tags/${tag}`, git(work, 'rev-parse', `refs/tags/${tag}`))
      },
      remove: (ref: string): Pushed => publish(ref, zeros),
      /** What GitHub keeps for a pull request: its head, also a fork's, and the merge of head and base that workflows see. */
      pull(
        number: number,
        { base, head, from }: { readonly base: string; readonly head: string; readonly from?: { readonly bare: string } },
      ) {
        if (from) git(work, 'fetch', '--quiet', from.bare, head)
        const [left, right] = [git(work, 'rev-parse', base), from ? git(work, 'rev-parse', 'FETCH_HEAD') : git(work, 'rev-parse', head)]
        const tree = git(work, 'merge-tree', '--write-tree', left, right)
        const merge = git(work, 'commit-tree', tree, '-p', left, '-p', right, '-m', `Merge ${right} into ${left}`)
        publish(`refs/pull/${number}/head`, right)
        publish(`refs/pull/${number}/merge`, merge)
        return { headSha: right, baseSha: left, mergeSha: merge }
      },
    }
  }
  return {
    /** A name that `@actions/artifact` takes for github.com and not for an Enterprise Server; only curl, and so git, finds it. */
    url: `http://github.localhost:${port}`,
    repository,
    allow,
    /** Who reads what, beside those that were allowed. */
    ask: (other: Rule) => {
      rule = other
    },
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const person = { AUTHOR: 'octocat', COMMITTER: 'octocat' }
const identity = Object.entries(person).flatMap(([role, name]) => [
  [`GIT_${role}_NAME`, name],
  [`GIT_${role}_EMAIL`, `${name}@example.com`],
])

/** Nothing of the machine's own configuration. */
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'init.defaultBranch=main', '-c', 'core.autocrlf=false', ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', ...Object.fromEntries(identity) },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()

function tokenOf({ headers: { authorization = '' } }: IncomingMessage): string | undefined {
  const [user, ...password] = Buffer.from(authorization.replace(/^Basic /i, ''), 'base64')
    .toString()
    .split(':')
  return user === 'x-access-token' ? password.join(':') : undefined
}
