import { execFileSync } from 'node:child_process'
import type { Answer } from './artifacts.ts'
import type { Emulator } from './emulator.ts'

/** What reads a bare repository. */
export const gitOf =
  (bare: string) =>
  (...args: string[]): string =>
    bytesOf(bare)(...args).toString()
export const bytesOf =
  (bare: string) =>
  (...args: string[]): Buffer =>
    execFileSync('git', args, {
      cwd: bare,
      maxBuffer: 256 * 1024 * 1024,
      env: { PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', HOME: bare },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
const inputOf =
  (bare: string) =>
  (input: Buffer | string, ...args: string[]): string =>
    execFileSync('git', args, { cwd: bare, input, encoding: 'utf8', env: { PATH: process.env.PATH, HOME: bare } })
type Entry = { readonly path: string; readonly mode: string; readonly type: string; readonly sha: string }
type Person = { readonly name: string; readonly email: string; readonly date: string }
type Commit = {
  readonly tree: { readonly sha: string }
  readonly parents: readonly { readonly sha: string }[]
  readonly author: Person
  readonly committer: Person
  readonly message: string
}
type Options = {
  readonly emulator: Emulator
  readonly repo: string
  readonly bare: string
  /** Of who may write there. */
  readonly token: string
}

/**
 * Keeps the emulator's idea of a repository equal to real git: its objects are made again through its API, where they get the same names,
 * for it hashes as git does. Names of annotated tags it makes up, so their refs point at the commit there; git answers about them.
 */
export function openMirror({ emulator, repo, bare, token }: Options) {
  const git = gitOf(bare)
  const there = new Set<string>()
  const refs = new Map<string, string>()

  async function made(method: string, path: string, json: unknown): Promise<Answer> {
    const answer = await emulator.call({ method, path: `/repos/${repo}/git/${path}`, token, json })
    if (answer.status >= 300) throw new Error(`the emulator refused ${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer
  }

  /** The emulator has to find the name that git gave. */
  async function object(kind: 'blobs' | 'trees' | 'commits', sha: string, json: unknown): Promise<void> {
    const { body } = await made('POST', kind, json)
    const found = (body as { sha: string }).sha // its answer to each of the three
    if (found !== sha) throw new Error(`the emulator made ${found} of ${kind} ${sha}`)
    there.add(sha)
  }

  async function commit(sha: string): Promise<void> {
    const entries = git('ls-tree', '-r', '-z', sha).split('\0').filter(Boolean)
    const tree = entries.map((line) => {
      const [, mode = '', type = '', id = '', path = ''] = /^(\d+) (\w+) (\w+)\t(.*)$/s.exec(line) ?? []
      return { mode, type, sha: id, path }
    })
    for (const { type, sha: blob } of tree) {
      if (type !== 'blob' || there.has(blob)) continue
      await object('blobs', blob, { encoding: 'base64', content: bytesOf(bare)('cat-file', 'blob', blob).toString('base64') })
    }
    const root = git('rev-parse', `${sha}^{tree}`).trim()
    if (!there.has(root)) await object('trees', root, { tree })
    const [parents = '', an, ae, ad, cn, ce, cd] = git('show', '-s', '--format=%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI', sha).split('\n')
    const message = git('cat-file', 'commit', sha).split('\n\n').slice(1).join('\n\n')
    await object('commits', sha, {
      message,
      tree: root,
      parents: parents.split(' ').filter(Boolean),
      author: { name: an, email: ae, date: ad },
      committer: { name: cn, email: ce, date: cd },
    })
  }

  async function read<T>(path: string): Promise<T> {
    const { status, body } = await emulator.call({ method: 'GET', path: `/repos/${repo}/git/${path}`, token })
    if (status !== 200) throw new Error(`the emulator has no ${path}`)
    return body as T // as its API has it
  }

  /** Writes an object into git, which has to find the emulator's name for it. */
  function write(type: string, sha: string, content: Buffer | string): void {
    const found = inputOf(bare)(content, 'hash-object', '-t', type, '-w', '--stdin', '--literally').trim()
    if (found !== sha) throw new Error(`git made ${found} of ${type} ${sha}`)
    there.add(sha)
  }

  async function treeOf(sha: string): Promise<void> {
    const { tree } = await read<{ tree: readonly Entry[] }>(`trees/${sha}`)
    for (const { type, sha: entry } of tree) {
      if (there.has(entry)) continue
      if (type === 'tree') await treeOf(entry)
      else write('blob', entry, Buffer.from((await read<{ content: string }>(`blobs/${entry}`)).content, 'base64'))
    }
    inputOf(bare)(tree.map((entry) => `${entry.mode} ${entry.type} ${entry.sha}\t${entry.path}`).join('\n'), 'mktree')
    there.add(sha)
  }

  async function commitOf(sha: string): Promise<void> {
    if (there.has(sha) || !/^[0-9a-f]{40}$/.test(sha)) return
    const answer = await emulator.call({ method: 'GET', path: `/repos/${repo}/git/commits/${sha}`, token })
    if (answer.status !== 200) return
    const { tree, parents, author, committer, message } = answer.body as Commit // as its API has it
    for (const parent of parents) await commitOf(parent.sha)
    await treeOf(tree.sha)
    const by = ({ name, email, date }: Person) => `${name} <${email}> ${Math.floor(Date.parse(date) / 1000)} +0000`
    const head = [
      `tree ${tree.sha}`,
      ...parents.map((parent) => `parent ${parent.sha}`),
      `author ${by(author)}`,
      `committer ${by(committer)}`,
    ]
    write('commit', sha, `${head.join('\n')}\n\n${message.endsWith('\n') ? message : `${message}\n`}`)
  }

  return {
    /** Brings a commit that the API made into git, and a branch to it. Nothing when git has it. */
    async fetch(sha: string, ref?: string): Promise<void> {
      await commitOf(sha)
      if (ref === undefined) return
      git('update-ref', ref, sha)
      refs.set(ref, sha)
    },
    /** Brings over what was pushed. */
    async sync(): Promise<void> {
      const now = new Map<string, string>()
      for (const line of git('for-each-ref', '--format=%(refname) %(objectname) %(*objectname)').split('\n').filter(Boolean)) {
        const [name = '', sha = '', peeled] = line.split(' ')
        now.set(name, peeled || sha)
      }
      const fresh = [...now].filter(([name, sha]) => refs.get(name) !== sha)
      const missing = fresh.length === 0 ? [] : git('rev-list', '--topo-order', '--reverse', ...fresh.map(([, sha]) => sha)).split('\n')
      for (const sha of missing) if (sha !== '' && !there.has(sha)) await commit(sha)
      for (const [name, sha] of fresh) {
        const isThere = await emulator.call({ method: 'GET', path: `/repos/${repo}/git/ref/${name.replace('refs/', '')}`, token })
        if (isThere.status === 200) await made('PATCH', name, { sha, force: true })
        else await made('POST', 'refs', { ref: name, sha })
        refs.set(name, sha)
      }
      for (const name of refs.keys()) {
        if (now.has(name)) continue
        await made('DELETE', name, undefined)
        refs.delete(name)
      }
    },
  }
}
