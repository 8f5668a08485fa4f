import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openGit } from '../../../../runner/adapters/git/source.ts'
import { canaryOf, formsOf } from '../../../support/canary.ts'
import { gitServer } from '../../../support/git-server.ts'

type Checkout = Parameters<ReturnType<typeof openGit>['checkout']>[0]
type Server = Awaited<ReturnType<typeof gitServer>>

const token = canaryOf('pat')
const never = new AbortController().signal
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-private-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Trusts both servers, and may reach both. */
async function variablesOf(...servers: readonly Server[]) {
  const file = join(folder, 'ca.pem')
  const certificates = await Promise.all(servers.map(({ variables }) => readFile(variables.GIT_SSL_CAINFO, 'utf8')))
  execFileSync('tee', [file], { input: certificates.join('\n'), stdio: ['pipe', 'ignore', 'ignore'] })
  return {
    PATH: process.env.PATH,
    GIT_SSL_CAINFO: file,
    PROCTOR_PRIVATE_HOSTS: servers.map(({ variables }) => variables.PROCTOR_PRIVATE_HOSTS).join(','),
  }
}
async function checkout(variables: Record<string, string | undefined>, source: Pick<Checkout, 'url'> & Partial<Checkout>) {
  const to = await mkdtemp(join(folder, 'to-'))
  return { to, ...(await openGit(variables).checkout({ strict: true, local: false, ...source, to }, never)) }
}
const message = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: Error) => error.message,
  )
const host = { value: token, scope: 'host' } as const
const holdsToken = (text: string) => formsOf(token).some((form) => text.includes(form))
/** Of all processes of this machine that may be looked at. */
const ofProcesses = (what: 'environ' | 'cmdline') =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/${what}`, 'latin1')
      } catch {
        return ''
      }
    })
    .join('\n')
const authorized = ({ asked }: Server) => asked.filter(({ authorization }) => authorization !== undefined)

describe('a repository that a token opens', () => {
  test('is checked out, and nothing of git or the token is left', async () => {
    await using server = await gitServer({ token })
    server.repository('agent', { 'main.py': 'x' })
    const { to, commit } = await checkout(await variablesOf(server), { url: `${server.url}/agent`, token: host })
    expect(commit).toMatch(/^[0-9a-f]{40}$/)
    expect(await readdir(to)).toEqual(['main.py'])
    expect(await formsOf(token).in(folder)).toEqual([])
    // The server saw the token: otherwise the search above would prove nothing.
    expect(authorized(server).length).toBeGreaterThan(0)
  })

  test('while git uses the token, it is in the environment of git and in no argument or file', async () => {
    let seen: { readonly environments: string; readonly commands: string; readonly files: readonly string[] } | undefined
    await using server = await gitServer({
      token,
      answer: (request, response) => {
        if (request.headers.authorization === undefined) return false
        // git waits for this answer, so whatever it has of the token is there to be seen.
        void formsOf(token)
          .in(folder)
          .then((files) => {
            seen = { environments: ofProcesses('environ'), commands: ofProcesses('cmdline'), files }
            response.writeHead(404).end()
          })
        return true
      },
    })
    await message(checkout(await variablesOf(server), { url: `${server.url}/agent`, token: host }))
    expect(holdsToken(seen?.environments ?? '')).toBe(true)
    expect(seen?.commands).toContain(`${server.url}/agent`)
    expect(holdsToken(seen?.commands ?? '')).toBe(false)
    expect(seen?.files).toEqual([])
  })

  test('a run that is stopped while a server keeps git waiting leaves no process', async () => {
    const stop = new AbortController()
    await using server = await gitServer({
      answer: () => {
        stop.abort(new Error('stopped'))
        return true
      },
    })
    const to = await mkdtemp(join(folder, 'to-'))
    const git = openGit(await variablesOf(server))
    const work = git.checkout({ url: `${server.url}/slow`, strict: true, local: false, to }, stop.signal)
    await expect(work).rejects.toThrow('stopped')
    await vi.waitFor(() => expect(ofProcesses('cmdline')).not.toContain(`${server.url}/slow`))
  })

  test('the token is not shown to a server before it asks, and not to one that never does', async () => {
    await using server = await gitServer()
    server.repository('open', { 'main.py': 'x' })
    await checkout(await variablesOf(server), { url: `${server.url}/open`, token: host })
    expect(server.asked.length).toBeGreaterThan(0)
    expect(authorized(server)).toEqual([])
  })

  test.each(['before it asks for a login', 'once it has the token'])(
    'does not follow a redirect with it to another host, %s',
    async (when) => {
      await using other = await gitServer({ token })
      other.repository('agent', { 'main.py': 'stolen' })
      await using server = await gitServer({
        token,
        answer: (request, response) => {
          if (when.startsWith('once') && request.headers.authorization === undefined) return false
          response.writeHead(302, { location: `${other.url}${request.url}` }).end()
          return true
        },
      })
      const refused = await message(checkout(await variablesOf(server, other), { url: `${server.url}/agent`, token: host }))
      expect(refused).not.toBe('accepted')
      expect(other.asked.length, 'the redirect was followed, without the token').toBeGreaterThan(0)
      expect(authorized(other)).toEqual([])
      if (when.startsWith('once')) expect(authorized(server).length).toBeGreaterThan(0)
    },
  )

  test('a redirect on its own host is followed', async () => {
    await using server = await gitServer({
      token,
      answer: (request, response) => {
        if (!request.url?.startsWith('/old/')) return false
        response.writeHead(301, { location: request.url.replace('/old/', '/new/') }).end()
        return true
      },
    })
    server.repository('new', { 'main.py': 'moved' })
    const { to } = await checkout(await variablesOf(server), { url: `${server.url}/old`, token: host })
    expect(await readFile(join(to, 'main.py'), 'utf8')).toBe('moved')
  })

  test('a server that repeats the token in its errors does not make proctor repeat it', async () => {
    await using server = await gitServer({
      token,
      answer: (request, response) => {
        if (request.headers.authorization === undefined) return false
        const shown = `${request.headers.authorization} ${token}`
        response.writeHead(403, shown.slice(0, 200), { 'content-type': 'text/plain' }).end(`fatal: no ${shown}\n\u001b[31m${token}`)
        return true
      },
    })
    const refused = await message(checkout(await variablesOf(server), { url: `${server.url}/agent`, token: host }))
    expect(refused).toMatch(/403/)
    expect(holdsToken(refused)).toBe(false)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not reach a terminal
    expect(refused).not.toMatch(/[\u0000-\u001f]/)
  })

  test('a token for the wrong repository, none at all, and one of two lines: each says what is wrong', async () => {
    await using server = await gitServer({ token })
    server.repository('agent', { 'main.py': 'x' })
    const variables = await variablesOf(server)
    const at = (more: Partial<Checkout>) => message(checkout(variables, { url: `${server.url}/agent`, ...more }))
    expect(await at({ token: { ...host, value: 'another' } })).toBe('it does not accept the token')
    expect(await at({})).toMatch(/asks for a login: `credential` names the token/)
    expect(await at({ token: { ...host, value: 'a\nhost=evil.example' } })).toMatch(/more than one line/)
  })

  test('the user`s own passwords are of no use to strangers', async () => {
    await using server = await gitServer({ token })
    server.repository('agent', { 'main.py': 'x' })
    execFileSync('tee', [join(folder, '.netrc')], {
      input: `machine localhost login me password ${token}\n`,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const variables = { ...(await variablesOf(server)), HOME: folder }
    expect(await message(checkout(variables, { url: `${server.url}/agent` }))).toMatch(/asks for a login/)
    expect(authorized(server)).toEqual([])
  })
})

describe('submodules', () => {
  /** A repository whose tree names another as its folder `sub`. */
  function withSubmodule(server: Server, url: string, commit: string, name = 'parent') {
    const path = 'sub'
    const { git } = server.repository(name, {
      'main.py': 'x',
      '.gitmodules': `[submodule "s"]\n\tpath = ${path}\n\turl = ${url}\n`,
    })
    git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`)
    git('commit', '--quiet', '--message', 'a submodule')
    git('push', '--quiet', join(git('rev-parse', '--show-toplevel'), '..', name), 'HEAD:main')
    return { url: `${server.url}/${name}` }
  }
  const head = (one: { git(...args: string[]): string }) => one.git('rev-parse', 'HEAD')

  test('on the same host are fetched with a credential, relative URLs too', async () => {
    await using server = await gitServer({ token })
    const commit = head(server.repository('lib', { 'lib.py': 'y' }))
    for (const [name, url] of Object.entries({ absolute: `${server.url}/lib`, relative: '../lib' })) {
      const { to } = await checkout(await variablesOf(server), { ...withSubmodule(server, url, commit, name), token: host })
      expect(await readFile(join(to, 'sub', 'lib.py'), 'utf8')).toBe('y')
      expect(existsSync(join(to, 'sub', '.git'))).toBe(false)
    }
  })

  test('a token that was stored for the repository does not open its submodules', async () => {
    await using server = await gitServer({ token })
    const commit = head(server.repository('secret', { 'lib.py': 'y' }))
    const source = { ...withSubmodule(server, '../secret', commit), token: { value: token, scope: 'repository' } as const }
    expect(await message(checkout(await variablesOf(server), source))).toMatch(/its submodule "sub": it asks for a login/)
    const ofSecret = server.asked.filter(({ path }) => path.startsWith('/secret'))
    expect(ofSecret.length).toBeGreaterThan(0)
    expect(ofSecret.filter(({ authorization }) => authorization !== undefined)).toEqual([])
  })

  test('on another host never see the token', async () => {
    await using server = await gitServer({ token })
    await using other = await gitServer({ token })
    const commit = head(other.repository('lib', { 'lib.py': 'y' }))
    const source = { ...withSubmodule(server, `${other.url}/lib`, commit), token: host }
    expect(await message(checkout(await variablesOf(server, other), source))).toMatch(/its submodule "sub": it asks for a login/)
    expect(other.asked.length).toBeGreaterThan(0)
    expect(authorized(other)).toEqual([])
  })

  test.each([
    ['a folder of this machine', 'file:///etc', /https URL/],
    ['a path of this machine', '/etc', /https URL/],
    ['a command', 'ext::sh -c id', /https URL/],
    ['an option', '--upload-pack=id', /https URL/],
    ['SSH', 'git@example.com:x/y', /SSH form/],
    ['a private host', 'https://127.0.0.1/x', /no public address/],
  ])('%s is refused', async (_, url, why) => {
    await using server = await gitServer()
    const source = withSubmodule(server, url, 'a'.repeat(40))
    expect(await message(checkout(await variablesOf(server), source))).toMatch(why)
  })

  test('a commit that the submodule does not have is an error, not an empty folder', async () => {
    await using server = await gitServer()
    server.repository('lib', { 'lib.py': 'y' })
    const source = withSubmodule(server, '../lib', 'a'.repeat(40))
    expect(await message(checkout(await variablesOf(server), source))).toMatch(/its submodule "sub"/)
  })
})

describe('a hostile repository', () => {
  const hostile = async (make: (git: (...args: string[]) => string, input: (text: string, ...args: string[]) => string) => string) => {
    const server = await gitServer()
    const { git } = server.repository('agent', { 'main.py': 'x' })
    const work = git('rev-parse', '--show-toplevel')
    const input = (text: string, ...args: string[]) => execFileSync('git', args, { cwd: work, input: text, encoding: 'utf8' }).trim()
    const commit = git('commit-tree', '-m', 'it', make(git, input))
    git('push', '--quiet', '--force', join(work, '..', 'agent'), `${commit}:refs/heads/main`)
    return server
  }

  test('whose few trees name ten billion files is refused before any is written', async () => {
    await using server = await hostile((git, input) => {
      const blob = git('hash-object', '-w', 'main.py')
      let object = `100644 blob ${blob}`
      for (let level = 0; level < 10; level += 1) {
        const tree = input(Array.from({ length: 10 }, (_, at) => `${object}\tf${at}\n`).join(''), 'mktree')
        object = `040000 tree ${tree}`
      }
      return object.split(' ').at(-1) ?? ''
    })
    expect(await message(checkout(await variablesOf(server), { url: `${server.url}/agent` }))).toMatch(/more than 50000 entries/)
    const [to = ''] = (await readdir(folder)).filter((name) => name.startsWith('to-'))
    expect((await readdir(join(folder, to))).filter((name) => name !== '.git')).toEqual([])
  })

  test('whose files unpack to more than is accepted is refused before any is written', async () => {
    await using server = await hostile((_, input) => {
      const blob = input('\0'.repeat(60 * 2 ** 20), 'hash-object', '-w', '--stdin')
      return input(Array.from({ length: 10 }, (_, at) => `100644 blob ${blob}\tf${at}\n`).join(''), 'mktree')
    })
    expect(await message(checkout(await variablesOf(server), { url: `${server.url}/agent` }))).toMatch(/unpacks to more than 500 MB/)
  })
})
