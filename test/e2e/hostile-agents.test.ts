import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report, ReportRun } from '../../runner/domain/report.ts'
import { proctor, readReport } from '../support/cli.ts'
import { leftBy } from '../support/ours.ts'

/** What the run of such an agent comes to. Each is graded: none may crash proctor, hang it, or end unscored. */
type Expected = { readonly ended: string; readonly verdict: 'pass' | 'fail' }
const completed: Expected = { ended: 'completed', verdict: 'fail' }
const error = (code: string): Expected => ({ ended: `error ${code}`, verdict: 'fail' })
const limit = (name: string): Expected => ({ ended: `limit ${name}`, verdict: 'fail' })

/** Bodies of `run`, and what follows. `ok` in the response is what the scorer wants. */
const functions: Readonly<Record<string, readonly [body: string, expected: Expected]>> = {
  'says-ok': ['return "ok"', { ended: 'completed', verdict: 'pass' }],
  'prints-200-mb': ['import sys\nfor _ in range(200): sys.stdout.write("x" * 2**20)\nreturn "ok"', { ended: 'completed', verdict: 'pass' }],
  'prints-no-utf8': ['import os\nos.write(1, bytes(range(256)) * 100)\nreturn "ok \\udcff"', { ended: 'completed', verdict: 'pass' }],
  'fork-bomb': [
    'import os\nfor _ in range(10000):\n    try:\n        if os.fork() == 0:\n            import time; time.sleep(60)\n    except OSError:\n        break\nreturn "no"',
    completed,
  ],
  'fills-the-disk': ['with open("/home/user/full", "wb") as f:\n    while True: f.write(os.urandom(1) * 2**20)', limit('disk')],
  'fills-the-memory': ['held = []\nwhile True: held.append(bytearray(16 * 2**20))', limit('memory')],
  'never-ends': ['while True: pass', limit('time')],
  'ignores-signals': [
    'import signal, time\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: time.sleep(1)',
    limit('time'),
  ],
  raises: ['raise ValueError("no luck")', error('agent_exception')],
  'raises-without-end': ['def deep(): return deep()\nreturn deep()', error('agent_exception')],
  exits: ['raise SystemExit(0)', error('agent_exception')],
  'exits-hard': ['os._exit(0)', { ended: 'error', verdict: 'fail' }],
  'kills-itself': ['os.kill(os.getpid(), 9)', { ended: 'error', verdict: 'fail' }],
  'kills-its-sandbox': [
    'import subprocess\nsubprocess.run("sudo kill -9 -1; sudo kill -9 1; kill -9 -1", shell=True)\nreturn "no"',
    { ended: 'error', verdict: 'fail' },
  ],
  'returns-an-object': ['return object()', error('agent_response_invalid')],
  'returns-itself': ['loop = {}\nloop["final_response"] = loop\nreturn loop', error('agent_response_invalid')],
  'returns-100-mb': ['return "no" * (50 * 2**20)', { ended: '', verdict: 'fail' }],
  'closes-everything': ['os.closerange(0, 256)\nreturn "no"', { ended: '', verdict: 'fail' }],
  'floods-its-steps': ['for n in range(20000): open(f"/tmp/f{n % 50}", "w").close()\nreturn "ok"', { ended: 'completed', verdict: 'pass' }],
  'forges-frames': [
    'import glob\nfor fd in glob.glob("/proc/*/fd/*"):\n    try:\n        with open(fd, "wb", buffering=0) as f: f.write(b"{\\"id\\":1,\\"exit\\":0}\\n{\\"id\\":1,\\"at\\":\\"stdout\\",\\"n\\":99999999999}\\n\\xff\\xfe")\n    except OSError: pass\nreturn "no"',
    { ended: '', verdict: 'fail' },
  ],
}

/** Commands in a workspace. The scorer wants a file that none of them writes. */
const commands: Readonly<Record<string, readonly [command: string, expected: Expected]>> = {
  'removes-the-workspace': ['sudo rm -rf /home/user/workspace', { ended: '', verdict: 'fail' }],
  'workspace-becomes-a-file': [
    'cd / && rm -rf /home/user/workspace; sudo rm -rf /home/user/workspace; touch /home/user/workspace',
    { ended: '', verdict: 'fail' },
  ],
  'workspace-becomes-a-link': [
    'cd / && sudo rm -rf /home/user/workspace; sudo ln -s / /home/user/workspace',
    { ended: '', verdict: 'fail' },
  ],
  'unreadable-tree': ['mkdir d && touch d/x && sudo chown root:root d && sudo chmod 000 d a.txt', completed],
  'strange-names': [
    "touch -- $'new\\nline' $'\\xff\\xfe' '-rf' ' ' '\"' '$(id)' && mkdir -p $(printf 'd/%.0s' {1..60}) && touch $(printf 'x%.0s' {1..250})",
    completed,
  ],
  'special-files': [
    'mkfifo pipe; sudo mknod dev b 7 0; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'s\')"; ln a.txt hard; ln -s a.txt soft; true',
    completed,
  ],
  'many-files': ['mkdir many && cd many && seq 1 250000 | xargs touch', { ended: '', verdict: 'fail' }],
  'sparse-file': ['truncate -s 100G sparse', { ended: '', verdict: 'fail' }],
  'fails-and-leaves-nothing': ['echo trouble; exit 3', error('agent_command_failed')],
  'fails-but-leaves-something': ['echo x > new.txt; exit 3', completed],
  'waits-for-input': ['read -r line && echo "$line" > answer', error('agent_command_failed')],
  'runs-on-in-the-background': ['(setsid sh -c "while :; do date > /home/user/workspace/late; done" &) ; echo started', completed],
}

let folder: string
let report: Report
let left: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-agents-'))
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const environment = 'environment: {resources: {memory: 256m, pids: 64, disk: 200m}}\n'
  for (const [name, [body]] of Object.entries(functions)) {
    await write(
      `agents/${name}/agent.yaml`,
      `apiVersion: proctor/v1\nkind: PythonFunction\nname: ${name}\nrun_timeout_s: 20\n${environment}`,
    )
    await write(`agents/${name}/main.py`, `import os\n\n\ndef run(task_input, *, proxy_url, run_token):\n${body.replace(/^/gm, '    ')}\n`)
    await write(
      `agents/${name}/evals/plain-${name}.yaml`,
      `apiVersion: proctor/v1\nkind: Eval\nname: plain-${name}\ndataset: one.csv\njudge: none\nscorers: [{name: ok, type: response, contains: ok}]\n`,
    )
    await write(`agents/${name}/evals/one.csv`, 'user\nSay ok.\n')
  }
  await write(
    'scenarios/small.yaml',
    'apiVersion: proctor/v1\nkind: Scenario\nname: small\ninstruction: Write wanted.txt.\nworkspace: {dir: small}\nscorers: [{name: wanted, type: command, command: test -f wanted.txt}]\n',
  )
  await write('scenarios/small/a.txt', 'a\n')
  for (const [name, [command]] of Object.entries(commands)) {
    await write(
      `agents/${name}/agent.yaml`,
      `apiVersion: proctor/v1\nkind: ShellCommand\nname: ${name}\nrun_timeout_s: 60\n${environment.replace('64', '128')}run_command: ${JSON.stringify(command)}\n`,
    )
    await write(
      `agents/${name}/evals/tree-${name}.yaml`,
      `apiVersion: proctor/v1\nkind: Eval\nname: tree-${name}\nscenario: small\njudge: none\n`,
    )
  }
  const ended = await proctor(['run', folder, '--out', join(folder, 'out')])
  expect(ended.code, ended.stderr).toBe(1)
  report = await readReport(join(folder, 'out'))
  left = leftBy(ended.pid)
}, 600_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const runOf = (agent: string): ReportRun | undefined => report.batches.find((batch) => batch.agent === agent)?.runs[0]
const endedAs = ({ ended }: ReportRun) => [ended.as, ended.code ?? ended.limit].filter(Boolean).join(' ')

test.each(Object.entries({ ...functions, ...commands }).map(([name, [, expected]]) => [name, expected] as const))(
  '%s is graded',
  (name, expected) => {
    const run = runOf(name)
    expect(run).toMatchObject({ verdict: expected.verdict })
    if (run) expect(endedAs(run)).toMatch(new RegExp(`^${expected.ended}`))
  },
)

test('nothing of them is left on the engine', () => {
  expect(left).toEqual([])
})

test('the report stays small, whatever they printed', () => {
  for (const { response } of report.batches.flatMap(({ runs }) => runs)) expect(Buffer.byteLength(response)).toBeLessThan(300_000)
})
