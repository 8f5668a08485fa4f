import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { takeTrees } from '../../../../runner/adapters/git/own-repository.ts'
import { gitServer } from '../../../support/git-server.ts'

const token = 'ghs_the-token-of-the-job'
const folder = mkdtempSync(join(tmpdir(), 'proctor-own-'))
const signal = new AbortController().signal
let server: Awaited<ReturnType<typeof gitServer>>
let repository: ReturnType<(typeof server)['repository']>

beforeAll(async () => {
  server = await gitServer({ token })
  repository = server.repository(
    'acme.git',
    { 'a.txt': 'one\n' },
    { 'b.txt': 'two\n$Id$\n', '.gitattributes': '*.txt text eol=crlf ident export-ignore\n' },
  )
  symlinkSync('a.txt', join(repository.folder, 'link'))
  repository.git('add', '--all')
  repository.git('commit', '--quiet', '--message', 'a link')
  repository.git('tag', '--annotate', 'v1.0.0', '--message', 'a release')
  repository.git('push', '--quiet', '--tags', repository.bare, 'HEAD:main')
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
type More = Partial<Omit<Parameters<typeof takeTrees>[0], 'into'>> & { readonly into: string }
const take = (refs: Readonly<Record<string, string>>, more: More) =>
  takeTrees(
    {
      url: `${server.url}/acme.git`,
      token,
      variables: { ...process.env, ...server.variables },
      refs,
      ...more,
      into: join(folder, more.into),
    },
    signal,
  )

test('commits and tags come out as they were committed, without a trace of git', async () => {
  const [head, before] = [repository.git('rev-parse', 'HEAD'), repository.git('rev-parse', 'HEAD~2')]
  const trees = await take({ head, base: before, tag: 'refs/tags/v1.0.0', branch: 'main' }, { into: 'trees' })
  expect(Object.fromEntries([...trees].map(([name, { commit }]) => [name, commit]))).toEqual({
    head,
    base: before,
    tag: head,
    branch: head,
  })
  const root = trees.get('head')?.root ?? ''
  expect(readdirSync(root).sort()).toEqual(['.gitattributes', 'a.txt', 'b.txt', 'link'])
  expect(readFileSync(join(root, 'b.txt'), 'utf8')).toBe('two\n$Id$\n')
  expect(readlinkSync(join(root, 'link'))).toBe('a.txt')
  expect(readdirSync(trees.get('base')?.root ?? '')).toEqual(['a.txt'])
  expect(spawnSync('grep', ['-rl', token, folder], { encoding: 'utf8' })).toMatchObject({ status: 1, stdout: '' })
})

test('what does not open the repository, or is not in it, is said without the token', async () => {
  await expect(take({ head: 'main' }, { token: 'ghs_wrong', into: 'wrong' })).rejects.toMatchObject({
    code: 'agent_code_fetch_failed',
    message: expect.stringContaining('does not accept the token'),
  })
  const missing = await take({ head: 'f'.repeat(40) }, { into: 'missing' }).catch((error: Error) => error.message)
  expect(missing).toContain('f'.repeat(40))
  expect(missing).not.toContain(token)
})

test.each(['--upload-pack=touch /tmp/pwned', 'a..b', 'refs/heads/x:refs/heads/y'])('%s is no ref', async (ref) => {
  await expect(take({ head: ref }, { into: 'strange' })).rejects.toMatchObject({ code: 'agent_code_fetch_failed' })
  expect(existsSync('/tmp/pwned')).toBe(false)
})

test('the token is in no argument of any process, and in the environment of git alone', async () => {
  const [bin, log] = [join(folder, 'bin'), join(folder, 'said')]
  mkdirSync(bin)
  writeFileSync(
    join(bin, 'git'),
    `#!/bin/sh\nprintf '%s\\n' "$@" >> '${log}'\nexec "$(PATH=/usr/bin:/usr/local/bin command -v git)" "$@"\n`,
    { mode: 0o755 },
  )
  await take({ head: 'main' }, { into: 'watched', variables: { ...process.env, ...server.variables, PATH: `${bin}:${process.env.PATH}` } })
  const said = readFileSync(log, 'utf8')
  expect(said).toContain('checkout-index')
  expect(said).toContain('credential.https://localhost')
  expect(said).not.toContain(token)
  expect(said).not.toContain(Buffer.from(`x-access-token:${token}`).toString('base64'))
  expect(Object.values(process.env).filter((value) => value?.includes(token))).toEqual([])
})

type Tree = readonly (readonly [path: string, node: Node])[]
type Node = string | Buffer | { readonly link: string } | { readonly commit: string } | { readonly tree: Tree }

/** A commit of a tree that no honest git would make, as a branch of the server. Names are bytes in latin1. */
function planted(name: string, tree: Tree): string {
  const git = (args: readonly string[], input: string | Buffer = '') =>
    execFileSync('git', args, { cwd: repository.bare, input }).toString().trim()
  const known = new Map<Node, string>()
  const describe = (node: Node): string => {
    if (typeof node === 'string' || Buffer.isBuffer(node)) return `100644 blob ${git(['hash-object', '-w', '--stdin'], node)}`
    if ('link' in node) return `120000 blob ${git(['hash-object', '-w', '--stdin'], node.link)}`
    return 'commit' in node ? `160000 commit ${node.commit}` : `040000 tree ${treeOf(node.tree)}`
  }
  const treeOf = (nodes: Tree): string => {
    for (const [, node] of nodes) if (!known.has(node)) known.set(node, describe(node))
    const lines = nodes.map(([path, node]) => Buffer.from(`${known.get(node)}\t${path}\0`, 'latin1'))
    return git(['mktree', '-z', '--missing'], Buffer.concat(lines))
  }
  const commit = git(['-c', 'user.name=t', '-c', 'user.email=t@t', 'commit-tree', '-m', name, treeOf(tree)])
  git(['update-ref', `refs/heads/${name}`, commit])
  return name
}
const folderOf = (...tree: Tree): Node => ({ tree })
const rootOf = async (name: string, tree: Tree, more: Omit<More, 'into'> = {}) =>
  (await take({ head: planted(name, tree) }, { into: name, ...more })).get('head')?.root ?? ''

describe('a tree that is meant ill', () => {
  test('names of any kind are names, and what differs by case is two things', async () => {
    const names = ['a\nb', '-rf', '--help', ' ', '*', '$(touch pwned)', 'README', 'readme', 'Readme', 'caf\u00e9', 'back\\slash']
    const tree: Tree = names.map((name) => [name, name])
    const root = await rootOf('names', [...tree, ['sub', folderOf(['-', 'deep'])]])
    const found = readdirSync(root, { encoding: 'latin1' })
    expect(found.sort()).toEqual([...names, 'sub'].sort())
    expect(readFileSync(join(root, '-rf'), 'utf8')).toBe('-rf')
    expect(readFileSync(join(root, 'sub', '-'), 'utf8')).toBe('deep')
  })

  test('a submodule is an empty folder, whatever .gitmodules says', async () => {
    const url = 'ext::sh -c touch% /tmp/pwned'
    const root = await rootOf('submodules', [
      ['.gitmodules', `[submodule "s"]\n\tpath = s\n\turl = ${url}\n\tupdate = !touch /tmp/pwned\n`],
      ['s', { commit: 'c'.repeat(40) }],
    ])
    expect(readdirSync(join(root, 's'))).toEqual([])
    expect(existsSync('/tmp/pwned')).toBe(false)
  })

  test('attributes name filters and encodings that nobody runs', async () => {
    const text = 'one\r\ntwo $Id$\n'
    const root = await rootOf('attributes', [
      ['.gitattributes', '* filter=lfs diff=lfs text eol=lf ident working-tree-encoding=UTF-16\n[attr]x filter=evil\n'],
      ['file', text],
      ['deep', folderOf(['.gitattributes', '* -export-ignore filter=evil working-tree-encoding=UTF-16LE-BOM\n'], ['file', text])],
    ])
    expect([readFileSync(join(root, 'file'), 'utf8'), readFileSync(join(root, 'deep', 'file'), 'utf8')]).toEqual([text, text])
  })

  test.each<[string, Tree]>([
    ['dot-git-file', [['.git', 'gitdir: /etc']]],
    ['dot-git-folder', [['.git', folderOf(['config', '[core]\n\tfsmonitor = touch /tmp/pwned\n'])]]],
    ['dot-git-below', [['sub', folderOf(['.git', folderOf(['hooks', folderOf(['post-checkout', 'touch /tmp/pwned'])])])]]],
    ['dot-git-upper', [['.GIT', folderOf(['config', 'x'])]]],
    ['dot-git-short', [['git~1', 'x']]],
    ['parent', [['..', folderOf(['escaped', 'x'])]]],
    ['too-long', Object.entries({ ['x'.repeat(300)]: 'x', ok: 'x' })],
    ['too-long-link', [['link', { link: 'x'.repeat(5000) }]]],
  ])('%s is refused as a whole, and nothing of it is left', async (name, tree) => {
    await expect(rootOf(name, tree)).rejects.toMatchObject({ code: 'agent_code_fetch_failed' })
    expect(existsSync(join(folder, name, 'head'))).toBe(false)
    expect([existsSync('/tmp/pwned'), existsSync(join(folder, name, 'escaped'))]).toEqual([false, false])
  })

  test('links that lead out of it lead nowhere; those inside stay as they are', async () => {
    writeFileSync(join(folder, 'secret'), 'of the machine')
    const root = await rootOf('links', [
      ['absolute', { link: '/etc/passwd' }],
      ['up', { link: '../../secret' }],
      ['self', { link: '../head/file' }],
      ['round', { link: 'round' }],
      ['to-git', { link: '.git/config' }],
      ['parent', { link: '..' }],
      [
        'deep',
        folderOf(
          ['home', { link: '..' }],
          ['out', { link: '../../../secret' }],
          ['chain', { link: '../via' }],
          ['inside', { link: '../file' }],
        ),
      ],
      ['via', { link: 'up' }],
      // Where it leads looks harmless until the link on the way is followed.
      ['trick', { link: 'deep/home/../../secret' }],
      ['file', 'inside'],
      ['folder', { link: 'deep' }],
      ['latin-\u00e9', { link: '/etc/passwd' }],
      ['dangling', { link: 'not/there' }],
    ])
    for (const cut of ['absolute', 'up', 'self', 'round', 'parent', 'deep/out', 'deep/chain', 'via', 'trick'])
      expect([cut, readlinkSync(join(root, cut))]).toEqual([cut, '/nonexistent/leads-out-of-the-repository'])
    expect(readFileSync(join(root, 'deep', 'inside'), 'utf8')).toBe('inside')
    expect(readFileSync(join(root, 'folder', 'home', 'file'), 'utf8')).toBe('inside')
    expect(readlinkSync(join(root, 'dangling'))).toBe('not/there')
    expect(readlinkSync(join(root, 'to-git'))).toBe('.git/config')
    const odd = Buffer.concat([Buffer.from(`${root}/latin-`), Buffer.from([0xe9])])
    expect(readlinkSync(odd)).toBe('/nonexistent/leads-out-of-the-repository')
  })
})

describe('a tree that is meant to fill the disk', () => {
  const most = { sent: 2 ** 20, unpacked: 2 ** 20, entries: 100 }
  /** Ten names for the same, in ten folders that are the same: a few objects that stand for 10^levels entries. */
  const bomb = (levels: number, seed: Node): Node => {
    if (levels === 0) return seed
    const below = bomb(levels - 1, seed)
    return folderOf(...Array.from({ length: 10 }, (_, at) => [`d${at}`, below] as const))
  }

  test.each<[string, Node, RegExp]>([
    ['files', bomb(12, 'x'), /more than 100 entries/],
    ['folders', bomb(12, folderOf()), /more than 100 entries/],
    ['zeros', Buffer.alloc(3 * 2 ** 20), /unpacks to more than 1 MB/],
  ])('%s are counted before one of them is written', async (name, node, why) => {
    const began = rootOf(`bomb-${name}`, [['here', node]], { most })
    await expect(began).rejects.toMatchObject({ code: 'agent_code_fetch_failed', message: expect.stringMatching(why) })
    expect(existsSync(join(folder, `bomb-${name}`, 'head'))).toBe(false)
  })

  test('what the host sends is stopped while it comes', async () => {
    const noise: Tree = Array.from({ length: 40 }, (_, at) => [`n${at}`, randomBytes(2 ** 20)])
    await expect(rootOf('noise', noise, { most: { ...most, sent: 2 ** 20, unpacked: 2 ** 30 } })).rejects.toMatchObject({
      message: expect.stringMatching(/it is larger than 1 MB/),
    })
    expect(existsSync(join(folder, 'noise', 'head'))).toBe(false)
  })

  test('what is within the limits comes out', async () => {
    const root = await rootOf('small', [['here', bomb(1, 'x')]], { most })
    expect(statSync(join(root, 'here', 'd9')).size).toBe(1)
  })
})
