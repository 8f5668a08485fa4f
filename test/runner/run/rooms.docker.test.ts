import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { thisProcess } from '../../../runner/adapters/docker/owner.ts'
import { ProctorError } from '../../../runner/domain/error.ts'
import { broken } from '../../../runner/run/run-agent.ts'
import { openTestRooms } from '../../support/rooms.ts'

const long = Array.from({ length: 30 }, (_, at) => `line ${at}\n`).join('')
let house: Awaited<ReturnType<typeof openTestRooms>>
beforeAll(async () => {
  house = await openTestRooms({
    'src/a.py': 'value = 1\n',
    'src/long.py': long,
    'src/run.sh': 'echo hi\n',
    'tests/test_a.py': 'def test(): assert 1\n',
    'data/deep/d.txt': 'd\n',
    'data/e.txt': 'e\n',
    '.gitignore': '*.log\nignored/\n',
    'kept.log': 'log\n',
  })
})
afterAll(async () => {
  await house[Symbol.asyncDispose]()
  const mine = ['ps', '-aq', '--filter', `label=proctor.owner=${thisProcess()}`]
  expect(execFileSync('docker', mine, { encoding: 'utf8' })).toBe('')
})

describe('the work of an agent', () => {
  it('is every kind of change, in the diff and in grading', async () => {
    await using done = await house.examine(String.raw`
      sed -i 's/1/2/' src/a.py
      git mv src/long.py src/moved.py
      chmod -x src/run.sh
      rm -r data
      printf '\0\1\2' > bin
      mkdir -p ignored && echo x > ignored/y && echo changed > kept.log
      ln -s /etc/passwd link
      printf x > "$(printf 'caf\351\n')"
      printf y > café`)
    expect(done.diff).toMatchObject({ files: 11, cut: false, left: [] })
    expect(done.patch).toContain('-value = 1\n+value = 2\n')
    expect(done.patch).toContain('rename from src/long.py\nrename to src/moved.py\n')
    expect(done.patch).toContain('old mode 100755\nnew mode 100644\n')
    expect(done.patch).toContain('Binary files /dev/null and b/bin differ')
    expect(done.patch).toContain('+++ b/ignored/y')
    expect(done.patch).toContain('+++ b/café')
    const { change } = await done.room()
    expect(change.withheld).toEqual([])
    expect(
      change.entries
        .filter(({ path }) => !/caf/.test(path))
        .map(({ path, how, added, removed, binary }) => [path, how, added, removed, binary])
        .sort(),
    ).toEqual([
      ['bin', 'added', 0, 0, true],
      ['data/deep/d.txt', 'deleted', 0, 1, false],
      ['data/e.txt', 'deleted', 0, 1, false],
      ['ignored/y', 'added', 1, 0, false],
      ['kept.log', 'modified', 1, 1, false],
      ['link', 'added', 1, 0, false],
      ['src/a.py', 'modified', 1, 1, false],
      ['src/long.py', 'deleted', 0, 0, false],
      ['src/moved.py', 'added', 0, 0, false],
      ['src/run.sh', 'mode', 0, 0, false],
    ])
    const seen = await done.grade(
      `cat src/a.py kept.log ignored/y; readlink link; ls data src/long.py; [ -x src/run.sh ]; echo $?; xxd -p bin 2>/dev/null || od -An -tx1 bin; cat caf*; stat -c %U src/a.py`,
    )
    expect(seen.stdout).toBe('value = 2\nchanged\nx\n/etc/passwd\n1\n 00 01 02\nyxuser\n')
    const pristine = await done.grade('cat src/a.py && ls data && git status --short', { tree: 'baseline' })
    expect(pristine.output).toBe('value = 1\ndeep\ne.txt\n')
  })

  it('is nothing when nothing was done, though the agent looked around', async () => {
    await using done = await house.examine(
      'git status && python3 -c "import sys; sys.path[:0] = [\'src\']; import a" && touch src/a.py && mkdir empty',
    )
    expect(done.diff).toMatchObject({ files: 0, added: 0, removed: 0, left: ['1 file of byte-code caches'] })
    expect((await done.room()).change.entries).toEqual([])
  })

  it.each([
    [
      'of the same length with its time restored',
      'cp -p src/a.py /tmp/a; sed -i s/1/7/ src/a.py; touch -r /tmp/a src/a.py; git update-index --assume-unchanged src/a.py',
    ],
    [
      'in a history that was rewritten',
      'sed -i s/1/7/ src/a.py; git config user.email x@x; git config user.name x; git commit -qam x; git checkout -q --orphan o; git commit -qm y',
    ],
    ['in a repository that is gone', 'sed -i s/1/7/ src/a.py; rm -rf .git'],
    [
      'in a repository that was made anew',
      'sed -i s/1/7/ src/a.py; rm -rf .git; git init -q; git config user.email x; git config user.name x; git add -A; git commit -qm x',
    ],
    [
      'behind attributes that would hide it',
      'sed -i s/1/7/ src/a.py; echo "* -diff working-tree-encoding=UTF-16 filter=x" > .git/info/attributes; git config core.attributesFile .git/info/attributes; git config core.worktree /tmp',
    ],
    ['with a .git that leads elsewhere', 'sed -i s/1/7/ src/a.py; rm -rf .git; ln -s /etc .git'],
  ])('is an edit %s', async (_, script) => {
    await using done = await house.examine(script)
    expect(done.diff).toMatchObject({ files: 1, added: 1, removed: 1 })
    expect(done.patch).toContain('-value = 1\n+value = 7\n')
    expect((await done.grade('cat src/a.py')).output).toBe('value = 7\n')
  })

  it('holds no repository inside it and no byte-code, and says that they were there', async () => {
    await using done = await house.examine(`
      export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x
      mkdir -p vendor/lib && cd vendor/lib && git init -q && echo code > lib.py && git add -A && git commit -qm x && cd ../..
      git add vendor/lib 2>/dev/null; git -c protocol.file.allow=always submodule add -q ./vendor/lib sub 2>/dev/null; git commit -qam x
      python3 -m compileall -q src; mkfifo pipe`)
    expect(done.diff.left).toContain('vendor/lib/.git (nested .git)')
    expect(done.diff.left).toContain('pipe (socket, pipe or device)')
    expect(done.diff.left).toContainEqual(expect.stringMatching(/^\d+ files? of byte-code caches$/))
    const { change } = await done.room()
    expect(change.entries.map(({ path }) => path)).toContain('vendor/lib/lib.py')
    const seen = await done.grade('find . -name .git -o -name "*.pyc" -o -type p | sort; cat vendor/lib/lib.py')
    expect(seen.output).toBe('./.git\ncode\n')
  })

  it('ends with the agent: what still runs when it is over changes nothing', async () => {
    await using done = await house.examine('setsid bash -c "while true; do echo 9 >> src/a.py; done" >/dev/null 2>&1 & sleep 0.2')
    const [one, two] = await Promise.all([done.grade('md5sum src/a.py'), done.grade('sleep 0.3; md5sum src/a.py')])
    expect(one.output).toBe(two.output)
    expect(done.diff.files).toBe(1)
  })

  it('is not what an image of the agent itself planted', async () => {
    const layer = {
      run: 'mkdir -p /home/user/workspace/src && echo planted > /home/user/workspace/src/planted.py && echo import os > ~/usercustomize.py',
      as: 'user',
      network: 'none',
      blame: 'environment_setup_failed',
    } as const
    await using done = await house.examine('cat src/planted.py', { shape: { environment: { recipe: [layer] } } })
    expect(done.diff.files).toBe(0)
    expect((await done.grade('ls src/planted.py ~/usercustomize.py')).exitCode).not.toBe(0)
  })

  it('can be graded again from what was stored', async () => {
    await using done = await house.examine('sed -i s/1/7/ src/a.py; rm data/e.txt; echo x > tests/test_a.py')
    await using later = house.open(done.run)
    const again = await later.room(done.record)
    expect(again.change).toEqual((await done.room()).change)
    expect(
      (await again.grade({ command: ['cat', 'src/a.py', 'tests/test_a.py', 'data/e.txt'], as: 'user', timeoutMs: 20_000 })).stdout,
    ).toContain('value = 7\ndef test(): assert 1\n')
  })

  it('is not stored when it holds a secret, and graded while it is there', async () => {
    const secret = 'sk-very-secret-value'
    await using done = await house.examine(`echo "key = '${secret}'" > src/key.py; sed -i s/1/7/ src/a.py`, { secret })
    expect(done.work).toBeUndefined()
    expect(done.warnings).toEqual([expect.stringContaining('cannot be graded again')])
    expect(done.patch).toContain("+key = '***'")
    expect((await done.grade('cat src/a.py')).output).toBe('value = 7\n')
    await using later = house.open(done.run)
    await expect(later.room(done.record)).rejects.toMatchObject({ code: 'sandbox_lost' })
  })
})

describe('what enters grading', () => {
  it('are neither tests nor hooks by default, and both where the author says so', async () => {
    const script = 'echo x = 1 > conftest.py; echo > tests/test_a.py; echo > tests/test_b.py; sed -i s/1/7/ src/a.py'
    await using done = await house.examine(script)
    const { change } = await done.room()
    expect(change.withheld.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'conftest.py', why: 'runner hook' },
      { path: 'tests/test_a.py', why: 'test file' },
      { path: 'tests/test_b.py', why: 'test file' },
    ])
    const list = 'ls conftest.py tests 2>/dev/null; cat tests/test_a.py src/a.py'
    expect((await done.grade(list)).output).toContain('test_a.py\ndef test(): assert 1\nvalue = 7\n')
    expect((await done.grade(list, { tree: 'tests-too' })).output).toContain('test_a.py\ntest_b.py\n\nvalue = 7\n')
    await using live = await house.examine(script, { rules: { grading: 'live' } })
    expect((await live.room()).live).toBe(true)
    expect((await live.grade(list)).output).toContain('conftest.py\n\ntests:\ntest_a.py\ntest_b.py\n\nvalue = 7\n')
  })

  it('is no link over protected files, and no file through a link', async () => {
    const rules = { editable: ['**'], protected: ['tests/**', 'data/e.txt'] }
    await using done = await house.examine(
      'mv tests /tmp/t; ln -s /tmp/t tests; rm -r data; ln -s /etc data; rm -r src; ln -s /tmp src; echo pwned > /tmp/a.py',
      { rules },
    )
    const seen = await done.grade('cat tests/test_a.py data/e.txt; ls data; readlink src; ls -A /tmp')
    expect(seen.output).toBe('def test(): assert 1\ne\ne.txt\n/tmp\n')
    const { change } = await done.room()
    expect(Object.fromEntries(change.withheld.map(({ path, why }) => [path, why]))).toEqual({
      tests: 'protected',
      'tests/test_a.py': 'protected',
      data: 'protected',
      'data/e.txt': 'protected',
    })
  })

  it('are files of the author over it, whatever the agent put in their way', async () => {
    const files = await house.pack({ 'checks/hidden.py': 'hidden', 'src/a.py': 'theirs' })
    await using done = await house.examine('ln -s /etc checks; rm src/a.py; mkdir -p src/a.py/x; echo > src/a.py/x/y')
    const seen = await done.grade('cat checks/hidden.py src/a.py; ls -ld /etc/hidden.py 2>&1', {
      files,
      extra: { '/proctor/lib/x.txt': 'extra' },
    })
    expect(seen.output).toMatch(/^hiddentheirsls: /)
    expect(
      (await done.grade('cat /proctor/lib/x.txt; stat -c %U:%a /proctor/lib/x.txt', { extra: { '/proctor/lib/x.txt': 'extra' } })).output,
    ).toBe('extraroot:644\n')
  })

  it('has what the exercise says, no credential, no network, no privilege and no input', async () => {
    const env = { PLAIN: 'plain', KEY: { credential: 'KEY' } }
    await using done = await house.examine('true', {
      rules: {
        environment: { recipe: [], env, network: 'open', resources: { cpus: 1, memoryMb: 256, pids: 64, diskMb: 512 }, sudo: true },
      },
    })
    const seen = await done.grade('id -un; echo $PLAIN-$KEY-$MORE; ls /sys/class/net; sudo -n id 2>&1; cat; pwd; exit 7', {
      env: { MORE: 'more' },
    })
    expect(seen.exitCode).toBe(7)
    expect(seen.output).toMatch(/^user\nplain--more\nlo\nsudo: .*\n(sudo: .*\n)?\/home\/user\/workspace\n$/)
  })

  it('needs no workspace', async () => {
    const run = { ...house.makeRun({}) }
    const { exercise: _, ...sample } = run.sample
    await using rooms = house.open({ ...run, sample })
    const room = await rooms.room(blankRecord(run.id))
    expect(await room.grade({ command: ['ls', '-A', '/home/user/workspace'], as: 'user', timeoutMs: 20_000 })).toMatchObject({
      exitCode: 0,
      output: '',
    })
    expect(room.change).toEqual({ entries: [], withheld: [] })
  })
})

describe('a grader', () => {
  const probe = `
import os, signal, sys
def got(what):
    try: what(); return True
    except OSError: return False
boss = int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])
reached = [name for name, what in {
    'files': lambda: os.listdir('/proctor/grader'), 'result': lambda: os.listdir('/proctor/result'),
    'bin': lambda: open('/proctor/bin/as-agent', 'w'), 'environ': lambda: open(f'/proc/{boss}/environ').read(),
    'memory': lambda: open(f'/proc/{boss}/mem', 'rb'), 'fds': lambda: os.listdir(f'/proc/{boss}/fd'),
    'signal': lambda: os.kill(boss, 0), 'parent': lambda: os.kill(os.getppid(), 0), 'root': lambda: os.setuid(0),
}.items() if got(what)]
print(reached, os.environ.get('SECRET'), os.environ['PLAIN'], len(os.listdir('/proc/self/fd')) - 1)
open('/tmp/alive', 'w')
if os.fork() == 0:
    os.setsid()
    while True: open('/tmp/alive', 'a').write('x')
`
  const grader = `
import os, subprocess, time
os.environ['SECRET'] = open('expected.txt').read()
held = open('expected.txt'); os.set_inheritable(held.fileno(), True)
agent = lambda *args, **more: subprocess.run(['as-agent', *args], capture_output=True, text=True, close_fds=False, **more)
print(agent('python3', 'src/probe.py').stdout.strip())
size = os.path.getsize('/tmp/alive'); time.sleep(0.2); print(os.path.getsize('/tmp/alive') - size)
print(agent('--timeout', '1', 'python3', 'src/bomb.py').returncode)
print(subprocess.run('ps -eo user= | grep -c user', shell=True, capture_output=True, text=True).stdout.strip())
print([agent('sh', '-c', line).returncode for line in ('exit 3', 'kill -9 $$', 'nope', 'true')], agent('cat', input='piped').stdout)
open('/proctor/result/result.json', 'w').write('{"score": 0.5}')
exit(4)
`
  it('keeps its files, its memory and its life from the code that it grades', async () => {
    const files = await house.pack({ 'grade.py': grader, 'expected.txt': 'expected' })
    const rules = {
      environment: {
        recipe: [],
        env: { PLAIN: 'plain' },
        network: 'none' as const,
        resources: { cpus: 1, memoryMb: 256, pids: 64, diskMb: 512 },
        sudo: true,
      },
    }
    const bomb = 'import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n'
    await using done = await house.examine(`cat > src/probe.py <<'E'\n${probe}\nE\ncat > src/bomb.py <<'E'\n${bomb}\nE`, { rules })
    const seen = await (await done.room()).grade({
      as: 'grader',
      command: ['python3', '/proctor/grader/grade.py'],
      files,
      timeoutMs: 60_000,
      collect: '/proctor/result',
    })
    expect(seen.output).toBe('[] None plain 3\n0\n124\n0\n[3, 137, 127, 0] piped\n')
    expect(seen.exitCode).toBe(4)
    expect(Buffer.from(seen.collected ?? []).toString('latin1')).toContain('{"score": 0.5}')
  })
})

describe('a tree that the agent made too much of', () => {
  it.each<[string, string, ProctorError['code']]>([
    ['a sparse file of 10 GB', 'truncate -s 10G sparse', 'work_too_large'],
    ['a sparse file in .git', 'truncate -s 10G .git/sparse', 'work_too_large'],
    ['a file in place of the folder', 'cd ..; rm -rf workspace; echo > workspace', 'work_unreadable'],
    ['a link in place of the folder', 'cd ..; mv workspace w; ln -s w workspace', 'work_unreadable'],
    ['no folder', 'cd ..; rm -rf workspace', 'work_unreadable'],
  ])('%s is its own fault', async (_, script, code) => {
    const started = process.memoryUsage.rss()
    await expect(house.examine(script)).rejects.toMatchObject({ code })
    expect(process.memoryUsage.rss() - started).toBeLessThan(150e6)
  })

  const scale = process.env.PROCTOR_TEST_FULL ? 10 : 1

  it('is taken whole when it is very many files', async () => {
    const script = `python3 -c "
import os
for d in range(${10 * scale}):
    os.makedirs(f'many/{d}')
    for f in range(1000): open(f'many/{d}/{f}', 'w').write(str(f))"`
    await using done = await house.examine(script)
    expect(done.diff).toMatchObject({ files: 10_000 * scale, added: 10_000 * scale })
    expect((await done.grade('find many -type f | wc -l')).output).toBe(`${10_000 * scale}\n`)
  })

  it('is taken whole when it is a file that no memory should hold', async () => {
    await using done = await house.examine(`head -c ${20 * scale}M /dev/urandom > big; cp big copy; yes "a line" | head -c 21M > text`)
    const started = process.memoryUsage.rss()
    expect(done.diff.files).toBe(3)
    expect((await done.room()).change.entries.find(({ path }) => path === 'text')).toMatchObject({ binary: false, added: 3_145_728 })
    expect((await done.grade('cmp big copy && stat -c %s big')).output).toBe(`${20 * scale * 1024 ** 2}\n`)
    expect(process.memoryUsage.rss() - started).toBeLessThan(60e6)
  })
})

const blankRecord = (run: string) => broken({ ...house.makeRun({}), id: run }, new ProctorError('internal_error', ''), AbortSignal.abort())
