import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  changed,
  created,
  deleted,
  headed,
  ofHunks,
  replaced,
  shownPath,
} from '../../../../../../runner/agents/cli/transcripts/steps/unified-diff.ts'

const folder = mkdtempSync(join(tmpdir(), 'proctor-diff-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What git makes of a file with a diff; undefined when nothing is left. */
function applied(diff: string, before?: string): string | undefined {
  const file = join(folder, 'f.txt')
  rmSync(file, { force: true })
  if (before !== undefined) writeFileSync(file, before)
  execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: folder, input: diff })
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

describe('git understands', () => {
  test.each(['a\n', 'a', 'a\nb\n', 'a\nb', '\n', '\n\n', 'a\n\n', '\\ No newline at end of file\n'])('a file with %j', (content) => {
    expect(applied(created('/home/user/workspace/f.txt', content))).toBe(content)
    expect(applied(deleted('f.txt', content), content)).toBeUndefined()
  })

  const ten = '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n'
  test.each([
    ['a\n', 'b\n'],
    ['a', 'b'],
    ['a', 'a\n'],
    ['a\n', 'a'],
    ['a\nb', 'a\nb\n'],
    ['a\nb\n', 'b\n'],
    ['a\n', 'a\nb\n'],
    ['a\na\na\n', 'a\na\n'],
    [ten, ten.replace('5', 'five')],
    [ten, ten.replace('1\n', '')],
    [ten, `0\n${ten}`],
    [ten, `${ten}11`],
    [ten, ten.replace('3\n4\n', 'x\n').replace('8\n', '')],
    [ten, ten.trimEnd()],
  ])('%j made %j', (before, after) => {
    expect(applied(changed('f.txt', before, after), before)).toBe(after)
  })

  test('hunks of jsdiff under names of their own', () => {
    const hunks = [{ oldStart: 1, oldLines: 2, newStart: 1, newLines: 2, lines: [' a', '-b', '+c'] }]
    expect(applied(ofHunks({ from: 'f.txt', to: 'f.txt' }, hunks), 'a\nb\n')).toBe('a\nc\n')
  })

  test('a diff whose head named the file otherwise', () => {
    const diff = 'Index: /x/f.txt\n=====\n--- /x/f.txt\tCurrent\n+++ /x/f.txt\tProposed\n@@ -1,1 +1,1 @@\n-a\n+b\n'
    expect(applied(headed({ from: 'f.txt', to: 'f.txt' }, diff), 'a\n')).toBe('b\n')
  })
})

test('only what differs is in a long file, with three lines around it', () => {
  const lines = Array.from({ length: 100 }, (_, index) => `${index}\n`)
  const diff = changed('f.txt', lines.join(''), lines.with(50, 'fifty\n').join(''))
  expect(diff).toBe('--- a/f.txt\n+++ b/f.txt\n@@ -48,7 +48,7 @@\n 47\n 48\n 49\n-50\n+fifty\n 51\n 52\n 53\n')
})

test('a text in the place of another counts from its own first line', () => {
  expect(replaced('/home/user/workspace/a.py', 'x = 1\ny = 2', 'x = 1\ny = 3')).toBe(
    '--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n x = 1\n-y = 2\n+y = 3\n',
  )
  expect(replaced('a.py', 'same', 'same')).toBe('')
})

test('what is no diff gives none', () => {
  for (const diff of ['', 'nothing', '--- a\n+++ b\n']) expect(headed({ from: 'a', to: 'a' }, diff)).toBe('')
  for (const hunks of [undefined, [], {}, 'x']) expect(ofHunks({ to: 'a' }, hunks)).toBe('')
})

test.each([
  ['/home/user/workspace/src/a.py', 'src/a.py'],
  ['/home/user/workspace', '.'],
  ['/home/user/workspace/', '.'],
  ['/home/user/workspace/../agent/a.py', '/home/user/workspace/../agent/a.py'],
  ['/home/user/workspace-2/a.py', '/home/user/workspace-2/a.py'],
  ['/home/user/workspace//src/./a.py', 'src/a.py'],
  ['file:///home/user/workspace/a.py', 'a.py'],
  ['./a.py', 'a.py'],
  ['.', '.'],
  ['../a.py', '../a.py'],
  ['', ''],
])('%j is shown as %j', (path, shown) => {
  expect(shownPath(path)).toBe(shown)
})
