import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
  symlinkSync('/etc/passwd', join(repository.folder, 'link'))
  repository.git('add', '--all')
  repository.git('commit', '--quiet', '--message', 'a link')
  repository.git('tag', '--annotate', 'v1.0.0', '--message', 'a release')
  repository.git('push', '--quiet', '--tags', repository.bare, 'HEAD:main')
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
const take = (refs: Readonly<Record<string, string>>, more: { readonly token?: string; readonly into: string }) =>
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
  expect(lstatSync(join(root, 'link')).isSymbolicLink()).toBe(true)
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
