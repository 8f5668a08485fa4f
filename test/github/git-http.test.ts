import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openGitHost } from '../support/github/git-http.ts'

const run = promisify(execFile)

/** Gives what reads its files. The host is in this process: nothing may wait for git without letting it answer. */
async function clone(url: string, secret: string, ref: string) {
  const folder = mkdtempSync(join(tmpdir(), 'proctor-kit-'))
  const header = `http.extraHeader=Authorization: Basic ${Buffer.from(`x-access-token:${secret}`).toString('base64')}`
  const env = { PATH: process.env.PATH, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' }
  const git = (...args: string[]) => run('git', ['-c', header, '-c', 'credential.helper=', ...args], { cwd: folder, env })
  await git('init', '--quiet')
  await git('fetch', '--quiet', '--depth=1', url, ref)
  await git('checkout', '--quiet', 'FETCH_HEAD')
  return (name: string) => readFileSync(join(folder, name), 'utf8')
}

test('a token reads its repositories: branches, tags, pull requests of forks, and any commit', async () => {
  await using host = await openGitHost()
  const repo = await host.repository('acme/agents')
  const fork = await host.repository('stranger/agents')
  host.allow('t1', 'acme/agents')
  const first = await repo.commit({ 'a/b.txt': 'one', 'gone.txt': '' })
  expect(repo.push()).toEqual({ ref: 'refs/heads/main', before: '0'.repeat(40), after: first })
  repo.tag('v1', { message: 'annotated' })
  const second = await repo.commit({ 'a/b.txt': 'two', 'gone.txt': null })
  expect(repo.push()).toMatchObject({ before: first, after: second })

  fork.git('pull', '--quiet', repo.bare, 'main')
  fork.branch('mine')
  const theirs = await fork.commit({ 'theirs.txt': 'hello' })
  fork.push()
  const { headSha, mergeSha } = repo.pull(3, { base: 'main', head: 'mine', from: fork })
  expect(headSha).toBe(theirs)

  const url = `${host.url}/acme/agents.git`
  expect((await clone(url, 't1', 'main'))('a/b.txt')).toBe('two')
  expect((await clone(url, 't1', 'refs/tags/v1'))('a/b.txt')).toBe('one')
  expect((await clone(url, 't1', first))('a/b.txt')).toBe('one')
  expect((await clone(url, 't1', 'refs/pull/3/merge'))('theirs.txt')).toBe('hello')
  expect((await clone(url, 't1', mergeSha))('theirs.txt')).toBe('hello')
  await expect(clone(url, 'wrong', 'main')).rejects.toThrow(/could not read|Authentication/)
  await expect(clone(`${host.url}/stranger/agents.git`, 't1', 'mine')).rejects.toThrow(/not found/)
  expect(host.asked.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 401, 404]))

  repo.branch('other')
  repo.push('other')
  expect(repo.remove('refs/heads/other').after).toBe('0'.repeat(40))
})
