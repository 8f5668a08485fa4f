import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openGit } from '../../../../runner/adapters/git/source.ts'

let folder: string
let repository: string
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: repository, encoding: 'utf8' }).trim()
const never = new AbortController().signal
const source = openGit({ PATH: process.env.PATH })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-git-'))
  repository = join(folder, 'repo')
  await mkdir(repository)
  git('init', '--quiet', '-b', 'trunk')
  await writeFile(join(repository, 'a.txt'), 'one')
  git('add', '-A')
  git('commit', '--quiet', '-m', 'one')
  git('tag', 'v1')
  await writeFile(join(repository, 'a.txt'), 'two')
  git('commit', '--quiet', '-am', 'two')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function checkout(ref: string | undefined, strict: boolean) {
  const to = await mkdtemp(join(folder, 'to-'))
  const found = await source.checkout({ url: `file://${repository}`, ...(ref ? { ref } : {}), strict, local: true, to }, never)
  return { ...found, to }
}

test('a branch, a tag, a commit and nothing at all name the revision that is checked out', async () => {
  expect((await checkout('trunk', true)).commit).toBe(git('rev-parse', 'trunk'))
  expect((await checkout('v1', true)).commit).toBe(git('rev-parse', 'v1'))
  expect((await checkout(git('rev-parse', 'v1'), true)).commit).toBe(git('rev-parse', 'v1'))
  expect((await checkout(git('rev-parse', '--short', 'v1'), true)).commit).toBe(git('rev-parse', 'v1'))
  expect((await checkout(undefined, true)).commit).toBe(git('rev-parse', 'trunk'))
})

test('a ref that is not there falls back to the default branch with a warning, or is refused when strict', async () => {
  const found = await checkout('v9', false)
  expect(found.commit).toBe(git('rev-parse', 'trunk'))
  expect(found.warnings).toEqual([expect.stringMatching(/no ref "v9": the default branch trunk \([0-9a-f]{12}\) was used instead/)])
  await expect(checkout('v9', true)).rejects.toThrow('no branch, tag or commit "v9"')
})

test.each([
  ['http://example.com/x'],
  ['ssh://git@example.com/x'],
  ['git@example.com:x/y'],
  ['https://user:secret@example.com/x'],
  ['ext::sh -c touch% /tmp/x'],
])('the URL %s is refused before git starts', async (url) => {
  const refused = source.checkout({ url, strict: false, local: true, to: folder }, never)
  await expect(refused).rejects.toThrow(/only https URLs/)
  await expect(refused).rejects.not.toThrow(/secret/)
})

test('a ref that looks like an option is refused', async () => {
  await expect(checkout('--upload-pack=touch x', false)).rejects.toThrow(/begins with a hyphen/)
})

test('hooks and attributes of the remote run nothing', async () => {
  await mkdir(join(repository, '.git', 'hooks'), { recursive: true })
  await writeFile(join(repository, '.git', 'hooks', 'post-checkout'), `#!/bin/sh\ntouch ${folder}/ran\n`, { mode: 0o755 })
  await writeFile(join(repository, '.gitattributes'), '* filter=evil\n')
  git('add', '-A')
  git('commit', '--quiet', '-m', 'attributes')
  await checkout('trunk', true)
  expect(existsSync(join(folder, 'ran'))).toBe(false)
})

test('what version control ignores is not tracked, what is new is', async () => {
  await writeFile(join(repository, '.gitignore'), '*.log\n')
  await writeFile(join(repository, 'x.log'), '')
  await writeFile(join(repository, 'new.py'), '')
  expect([...((await source.tracked(repository)) ?? [])].sort()).toEqual(['.gitignore', 'a.txt', 'new.py'])
  expect(await source.tracked(folder)).toBeUndefined()
})
