import { describe, expect, test } from 'vitest'
import { lookOf } from '../../../../../../runner/agents/cli/transcripts/steps/looks.ts'
import { unwrapShell } from '../../../../../../runner/agents/cli/transcripts/steps/shell-words.ts'

describe('a command that plainly looks at something', () => {
  test.each([
    ['cat calc.py', 'read', { path: 'calc.py' }],
    ['cat -n /home/user/workspace/src/a.py', 'read', { path: 'src/a.py' }],
    ["cat 'a file.py'", 'read', { path: 'a file.py' }],
    ['cat ./a.py', 'read', { path: 'a.py' }],
    ['cat /etc/passwd', 'read', { path: '/etc/passwd' }],
    ["sed -n '1,200p' src/a.py", 'read', { path: 'src/a.py' }],
    ['sed -n 5,$p a.py', undefined, {}],
    ['head -50 a.py', 'read', { path: 'a.py' }],
    ['head -n 50 a.py', 'read', { path: 'a.py' }],
    ['tail -n +20 a.py', 'read', { path: 'a.py' }],
    ['nl -ba a.py', 'read', { path: 'a.py' }],
    ['cd src && cat a.py', 'read', { path: 'src/a.py' }],
    ['cd /home/user/workspace && cat a.py', 'read', { path: 'a.py' }],
    ['cat a.py | head -20', 'read', { path: 'a.py' }],
    ['cat a.py 2>/dev/null', 'read', { path: 'a.py' }],
    ['/usr/bin/cat a.py', 'read', { path: 'a.py' }],
    ["grep -rn 'def ' . --include=*.py", 'search', { query: 'def ', path: '.' }],
    ['grep -n TODO src/a.py', 'search', { query: 'TODO', path: 'src/a.py' }],
    ['grep -A 3 -B 2 foo a.py', 'search', { query: 'foo', path: 'a.py' }],
    ['grep -e foo -e bar a.py', 'search', { query: 'foo', path: 'bar' }],
    ["rg -n 'a b' src", 'search', { query: 'a b', path: 'src' }],
    ["rg -g '*.ts' foo", 'search', { query: 'foo' }],
    ['cd lib && rg foo', 'search', { query: 'foo', path: 'lib' }],
    ['grep -rn foo . 2>/dev/null | head -5', 'search', { query: 'foo', path: '.' }],
    ["find . -name '*.py'", 'search', { query: '-name *.py', path: '.' }],
    ["find -name '*.py'", 'search', { query: '-name *.py' }],
    ['find src', 'search', { path: 'src' }],
  ])('%s', (command, kind, detail) => {
    expect(lookOf(command)).toEqual(kind && { kind, detail })
  })
})

test.each([
  'cat a.py b.py',
  'cat',
  'cat <<EOF > a.py',
  'cat a.py > b.py',
  'cat a.py; rm a.py',
  'cat a.py && rm a.py',
  'cat a.py | sh',
  'cat a.py | head -3 > b.py',
  'cat $(pwd)/a.py',
  'cat "$FILE"',
  'cat `ls`',
  "cat 'a.py",
  'cat a.py &',
  'sed -i s/a/b/ a.py',
  "sed -n 's/a/b/p' a.py",
  'find . -delete',
  'find . -name x -exec rm {} +',
  'grep -f patterns a.py',
  'tail -f log',
  'python3 -m pytest',
  'cat a.py\nrm a.py',
  '# cat a.py',
  '',
])('%j is shown as the command that it is', (command) => {
  expect(lookOf(command)).toBeUndefined()
})

test.each([
  ["/bin/sh -lc 'make test'", 'make test'],
  ['/bin/bash -c "rg -n \'def \' ."', "rg -n 'def ' ."],
  ['bash -lc ls', 'ls'],
  [`/bin/sh -lc 'echo '"'"'a b'"'"`, "echo 'a b'"],
  ['/bin/sh -c "echo \\"a\\" \\$HOME"', 'echo "a" $HOME'],
  [`/bin/sh -c "env; echo \\""'$PATH; id -u'`, 'env; echo "$PATH; id -u'],
  ['make test', 'make test'],
  ['bash script.sh -c', 'bash script.sh -c'],
  ['python3 -c "print(1)"', 'python3 -c "print(1)"'],
  ["sh -c 'a' b", "sh -c 'a' b"],
  ["sh -c 'a' | b", "sh -c 'a' | b"],
  ["sh -c 'a", "sh -c 'a"],
])('%s is %s', (command, script) => {
  expect(unwrapShell(command)).toBe(script)
})
