import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from '../support/cli.ts'

let folder: string
const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', env }).trim()
const env = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  ...Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((who) => [
      [`GIT_${who}_NAME`, 'a maintainer'],
      [`GIT_${who}_EMAIL`, 'm@example.com'],
    ]),
  ),
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'proctor-release-'))
  mkdirSync(join(folder, 'dist/action/inside'), { recursive: true })
  cpSync(join(root, 'script/lib'), join(folder, 'script/lib'), { recursive: true })
  for (const [path, text] of Object.entries({
    '.gitignore': '/dist/\n/.cache/\n',
    'action.yml': 'name: proctor\n',
    'dist/main.js': 'the CLI\n',
    'dist/action/main.js': 'the action\n',
    'dist/action/inside/driver.py': 'pass\n',
  }))
    writeFileSync(join(folder, path), text)
  git('init', '--quiet', '--initial-branch', 'main')
  git('add', '.')
  git('commit', '--quiet', '--message', 'a change')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the commit of a release has the bundle of the action, stands on HEAD, and leaves branch, index and files alone', () => {
  const script = '. script/lib/environment.sh && . script/lib/release-commit.sh && release_commit 1.2.3'
  const head = git('rev-parse', 'HEAD')

  const commit = execFileSync('bash', ['--norc', '-euo', 'pipefail', '-c', script], { cwd: folder, encoding: 'utf8', env }).trim()

  expect(git('log', '--format=%P %s', '-1', commit)).toBe(`${head} proctor 1.2.3`)
  expect(git('diff-tree', '-r', '--name-status', head, commit).split('\n').sort()).toEqual([
    'A\tdist/action/inside/driver.py',
    'A\tdist/action/main.js',
  ])
  expect([git('rev-parse', 'main'), git('status', '--porcelain')]).toEqual([head, ''])
})
