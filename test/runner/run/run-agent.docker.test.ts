import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Step } from '../../../runner/domain/step.ts'
import { openWorkbench } from '../../support/workbench.ts'

let bench: Awaited<ReturnType<typeof openWorkbench>>
beforeAll(async () => {
  bench = await openWorkbench({ KEY: 'sk-proj-0123456789abcdef', PIN: '123' })
})
afterAll(() => bench[Symbol.asyncDispose]())

const fixture = (name: string) => {
  const root = join(import.meta.dirname, '../../fixtures/agents', name)
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map((entry) => [
      join(entry.parentPath, entry.name).slice(root.length + 1),
      readFileSync(join(entry.parentPath, entry.name), 'utf8'),
    ]),
  )
}
const kinds = (steps: readonly Step[]) => steps.map((step) => step.kind)
const shells = (steps: readonly Step[]) => steps.flatMap((step) => (step.kind === 'shell' ? [step.detail] : []))

describe('PythonFunction', () => {
  it('runs the first agent of the handbook as it is: a file write and a shell step', async () => {
    const { record, steps, response, events } = await bench.perform({ code: fixture('hello-sandbox'), user: 'Who are you?' })
    expect(record.ended).toEqual({ as: 'completed' })
    expect(response).toMatch(/^Hello from the sandbox \(Python 3\.13\.\d+\)\. You asked: 'Who are you\?'\. Kernel: Linux/)
    expect(steps).toMatchObject([
      { kind: 'edit', turn: 'turn-1', detail: { path: '/tmp/notes.txt', diff: '@@ -0,0 +1,1 @@\n+task: Who are you?\n' } },
      { kind: 'shell', detail: { command: 'uname -a', exit_code: 0, output: expect.stringMatching(/^Linux/) } },
    ])
    expect(events.map((event) => event.at)).toEqual(['running', 'step', 'step'])
    expect(record.turns).toMatchObject([{ user: 'Who are you?', steps: 2 }])
    expect(record.turns[0]?.diff).toBeUndefined()
    expect(record.warnings).toEqual([])
  })

  it('imports modules beside its file, and wraps a string', async () => {
    expect((await bench.perform({ code: fixture('helpers-package'), user: 'Hi' })).response).toBe('Be brief: Hi')
    const nested = { 'src/agent.py': 'from words import word\nrun = lambda task, **more: word', 'src/words.py': 'word = "nested"' }
    const start = { kind: 'PythonFunction', file: 'src/agent.py', entrypoint: 'run' } as const
    expect((await bench.perform({ code: nested, start })).response).toBe('nested')
  })

  it('gets its task, its keywords and its environment', async () => {
    const names = '["TASK_FILE", "RUN_TOKEN", "RUN_TOKEN_JTI", "RUN_ID", "TASK_ID", "AGENT_ID", "API_URL", "TOOLS_SCHEMA_B64"]'
    const body = `import json
missing = [n for n in ${names} for p in ("PIPELINES_", "PROCTOR_") if not os.environ.get(p + n)]
same = proxy_url == os.environ["PIPELINES_ODYSSEY_PROXY_URL"] and run_token == os.environ["PIPELINES_RUN_TOKEN"]
stdin = sys.stdin.read()
return json.dumps([missing, same, stdin, os.getcwd(), open(os.environ["PIPELINES_TASK_FILE"]).read(), os.environ["MODE"], task_input])`
    const { response } = await bench.python(body, { user: 'Go', input: { order: '4521' }, environment: { env: { MODE: 'fast' } } })
    const [missing, same, stdin, cwd, brief, mode, input] = JSON.parse(response)
    expect({ missing, same, stdin, cwd, mode }).toEqual({ missing: [], same: true, stdin: '', cwd: '/home/user', mode: 'fast' })
    expect(brief).toMatch(/^Go\n/)
    expect(input).toMatchObject({
      user_instruction: 'Go',
      latest_user_prompt: 'Go',
      input: { order: '4521' },
      turn_id: 'turn-1',
      messages: [],
    })
    expect(input.workspace).toBeUndefined()
  })

  it('may be async', async () => {
    const code = `import asyncio
async def run(task_input, *, proxy_url, run_token):
    process = await asyncio.create_subprocess_exec("sh", "-c", "echo out; exit 3", stdout=-1)
    output, _ = await process.communicate()
    return output.decode()`
    const { record, steps, response } = await bench.perform({ code: { 'main.py': code } })
    expect(record.ended).toEqual({ as: 'completed' })
    expect(response).toBe('out\n')
    expect(shells(steps)).toEqual([{ command: "sh -c 'echo out; exit 3'", exit_code: 3, output: 'out\n' }])
  })

  it('is imported once', async () => {
    const code = `import os
with open("/tmp/imports", "a") as file: file.write("x")
def run(task_input, **more):
    import main
    return open("/tmp/imports").read()`
    expect((await bench.perform({ code: { 'main.py': code } })).response).toBe('x')
  })

  it.each([
    ['an exception', 'raise ValueError("boom")', /ValueError: boom$/],
    ['sys.exit', 'sys.exit("bye")', /SystemExit: bye$/],
    ['an interrupt', 'raise KeyboardInterrupt()', /KeyboardInterrupt/],
    ['endless recursion', 'return run(task_input, proxy_url=1, run_token=2)', /RecursionError/],
  ])('%s is graded, with its traceback as the response', async (_, body, said) => {
    const { record, response } = await bench.python(body)
    expect(record.ended).toMatchObject({ as: 'error', code: 'agent_exception' })
    expect(response.trim()).toMatch(said)
    expect(response).toMatch(/^Traceback \(most recent call last\):\n {2}File "\/home\/user\/agent\/main\.py", line \d+, in run/)
  })

  it.each([
    ['os._exit', 'print("last words")\nos._exit(7)', "The agent's process ended with exit code 7 before `run` returned.\n\nlast words"],
    ['a signal', 'os.kill(os.getpid(), signal.SIGSEGV)', "The agent's process ended with exit code 139 (SIGSEGV) before `run` returned."],
  ])('%s is named', async (_, body, said) => {
    const { record, response } = await bench.python(body)
    expect(record.ended).toMatchObject({ as: 'error', code: 'agent_exception' })
    expect(response).toBe(said)
  })

  it.each([
    ['a missing file', { 'other.py': '' }, 'run', /`main\.py` is not in the agent's code; at its top there is other\.py/],
    [
      'no such callable',
      { 'main.py': 'def start(): pass\nrun = 3' },
      'run',
      /`run` in `main\.py` is a int, not a callable; its functions: start/,
    ],
    ['a failing import', { 'main.py': 'import nosuch' }, 'run', /ModuleNotFoundError: No module named 'nosuch'/],
    ['a syntax error', { 'main.py': 'def run(:' }, 'run', /SyntaxError/],
    ['a dotted path', { 'main.py': 'class A:\n  def run(): pass' }, 'A.run', /`A\.run` is not the name of a top-level callable/],
    ['an end while importing', { 'main.py': 'import os; os._exit(0)' }, 'run', /exit code 0 before `main\.py` was imported/],
  ])('the probe names %s', async (_, code, entrypoint, said) => {
    const { record, response } = await bench.perform({ code, start: { kind: 'PythonFunction', file: 'main.py', entrypoint } })
    expect(record.ended).toMatchObject({ as: 'error', code: 'agent_entrypoint_invalid' })
    expect(response).toMatch(said)
  })

  it.each(['None', '7', '{"final": "x"}', '{"final_response": 3}', '{"final_response": "x", "metadata": {"a": {1}}}', 'b"bytes"'])(
    'a response of %s is none',
    async (value) => {
      expect((await bench.python(`return ${value}`)).record.ended).toMatchObject({ as: 'error', code: 'agent_response_invalid' })
    },
  )
})

describe('what it does is seen', () => {
  it('files in the workspace: reads, and edits as differences', async () => {
    const { record, steps, diff } = await bench.python(
      `text = open("parser.py").read()
open("parser.py", "w").write(text.replace("two", "TWO"))
os.remove("gone.txt")
open("fresh.txt.tmp", "w").write("fresh\\n")
os.rename("fresh.txt.tmp", "fresh.txt")
return task_input["workspace"]["cwd"]`,
      { workspace: { 'parser.py': 'one\ntwo\nthree\n', 'gone.txt': 'bye\n' } },
    )
    expect(record.ended).toEqual({ as: 'completed' })
    expect(steps.map((step) => [step.kind, 'path' in step.detail && step.detail.path, 'diff' in step.detail && step.detail.diff])).toEqual([
      ['read', '/home/user/workspace/parser.py', false],
      ['edit', '/home/user/workspace/parser.py', '@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n'],
      ['edit', '/home/user/workspace/gone.txt', '@@ -1,1 +0,0 @@\n-bye\n'],
      ['edit', '/home/user/workspace/fresh.txt', '@@ -0,0 +1,1 @@\n+fresh\n'],
    ])
    expect(record.turns[0]?.diff).toMatchObject({ files: 3 })
    expect(diff).toContain('+TWO')
    expect(record.work?.bytes).toBeGreaterThan(0)
  })

  it('commands, however they are started and read', async () => {
    const { steps } = await bench.python(`os.system("echo system; exit 3")
process = subprocess.Popen(["sh", "-c", "echo line; exit 2"], stdout=subprocess.PIPE, text=True)
for line in process.stdout: pass
process.wait()
subprocess.check_output("echo checked", shell=True)
with os.popen("echo popen") as file: file.read()
try: subprocess.run("sleep 9", shell=True, timeout=0.1)
except subprocess.TimeoutExpired: pass
try: subprocess.run(["nosuch"])
except FileNotFoundError: pass
subprocess.run(["sh", "-c", "head -c 100000 /dev/zero | tr '\\\\0' x; echo END"], capture_output=True)
return "ok"`)
    expect(shells(steps)).toMatchObject([
      { command: 'echo system; exit 3', exit_code: 3, output: 'system\n' },
      { command: "sh -c 'echo line; exit 2'", exit_code: 2, output: 'line\n' },
      { command: 'echo checked', exit_code: 0, output: 'checked\n' },
      { command: 'echo popen', exit_code: 0, output: 'popen\n' },
      { command: 'sleep 9', exit_code: -9 },
      { command: 'nosuch', exit_code: 127 },
      { exit_code: 0, cut: true, output: expect.stringMatching(/^x+\n\[\.\.\. [\d,]+ bytes cut \.\.\.\]\nx+END\n$/) },
    ])
  })

  it('connects and HTTP requests, also those that fail', async () => {
    const { steps } = await bench.python(`import http.server, urllib.request
class Teapot(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(418)
        self.end_headers()
    def log_message(self, *a): pass
server = http.server.HTTPServer(("127.0.0.1", 8123), Teapot)
threading.Thread(target=server.serve_forever, daemon=True).start()
for url in ("http://127.0.0.1:8123/tea?x=1", "http://nosuch.invalid/"):
    try: urllib.request.urlopen(url)
    except Exception: pass
return "ok"`)
    expect(steps.map((step) => step.detail)).toEqual([
      { host: '127.0.0.1', port: 8123 },
      { host: '127.0.0.1', port: 8123, method: 'GET', url: 'http://127.0.0.1:8123/tea?x=1', status: 418 },
      { host: 'nosuch.invalid', port: 80 },
      { host: 'nosuch.invalid', port: 80, method: 'GET', url: 'http://nosuch.invalid:80/' },
    ])
  })

  it('what it prints, in between, and no noise breaks anything', async () => {
    const { record, steps } = await bench.python(`print("thinking")
subprocess.run(["true"])
sys.stdout.buffer.write(b"\\xff\\xfe not text {\\"t\\":\\"result\\"}\\n")
for i in range(200_000): print("noise " * 20)
print("END")
return "quiet"`)
    expect(record.ended).toEqual({ as: 'completed' })
    expect(kinds(steps)).toEqual(['assistant', 'shell', 'assistant'])
    expect(steps[2]).toMatchObject({ detail: { cut: true, text: expect.stringContaining('\uFFFD\uFFFD not text') } })
  })

  it('a flood of steps is bounded and says so', async () => {
    const { record, steps } = await bench.python(`for i in range(1500): open(f"/tmp/{i}", "w").write("x")
return "done"`)
    expect(record.ended).toEqual({ as: 'completed' })
    expect(steps.length).toBe(1001)
    expect(JSON.stringify(steps.slice(-2))).toMatch(/more edit steps/)
  })

  it('without changing what it does', async () => {
    const { record, response } = await bench.python(`import multiprocessing
class Late(Exception): pass
def late(*a): raise Late()
signal.signal(signal.SIGALRM, late)
caught = 0
for i in range(100):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        while True: open("/tmp/q", "w").close()
    except Late: caught += 1
child = os.fork()
if child == 0: return "from the child"
os.waitpid(child, 0)
with multiprocessing.get_context("fork").Pool(2) as pool: squares = pool.map(abs, [-1, -2])
threading.Thread(target=time.sleep, args=(60,)).start()
return f"{caught} {squares}"`)
    expect(record.ended).toEqual({ as: 'completed' })
    expect(response).toBe('100 [1, 2]')
  })
})

describe('ShellCommand', () => {
  it('gets the brief in a file, runs in the workspace, and answers with its stdout', async () => {
    const { record, steps, response, diff } = await bench.shell(
      'cat "$PIPELINES_TASK_FILE"; pwd; read x || echo no stdin; echo warn >&2; echo changed >> README.md; echo new > new.txt',
      { user: 'Change it.' },
    )
    expect(record.ended).toEqual({ as: 'completed' })
    expect(response).toBe('Change it.\n/home/user/workspace\nno stdin')
    expect(kinds(steps)).toEqual(['shell', 'edit', 'edit'])
    expect(steps[0]).toMatchObject({ detail: { exit_code: 0, output: expect.stringContaining('warn') } })
    expect(steps.slice(1).map((step) => step.detail)).toEqual([
      { path: 'README.md', diff: expect.stringContaining('+changed') },
      { path: 'new.txt', diff: expect.stringContaining('+new') },
    ])
    expect(diff).toContain('+changed')
  })

  it('fails exactly when it exits nonzero and leaves an empty diff', async () => {
    const failed = await bench.shell('echo asking...; exit 3')
    expect(failed.record.ended).toMatchObject({ as: 'error', code: 'agent_command_failed', message: expect.stringContaining('code 3') })
    expect(failed.response).toBe('asking...')
    expect((await bench.shell('echo x > x; exit 3')).record.ended).toEqual({ as: 'completed' })
    expect((await bench.shell('true')).record.ended).toEqual({ as: 'completed' })
  })

  it('starts from a baseline commit that holds the platform setup', async () => {
    const setup = { mode: 'platform', text: 'echo made > made.txt' } as const
    const { response, record } = await bench.shell('git status --porcelain; git log --format="%an %s"; cat made.txt', { setup })
    expect(response).toBe('proctor baseline\nmade')
    expect(record.turns[0]?.diff).toMatchObject({ files: 0 })
  })

  it('says what a platform setup failed at, and that it is not the agent', async () => {
    const { record } = await bench.shell('true', { setup: { mode: 'platform', text: 'echo no such target; exit 2' } })
    expect(record.ended).toMatchObject({ as: 'error', code: 'workspace_setup_failed', message: expect.stringContaining('no such target') })
  })

  it('needs a workspace', async () => {
    const { record } = await bench.perform({ start: { kind: 'ShellCommand', command: 'true' } })
    expect(record.ended).toMatchObject({ as: 'error', code: 'in_sandbox_requires_workspace' })
  })

  it('may say more than anybody keeps', async () => {
    const { record, steps, response } = await bench.shell("head -c 60000000 /dev/zero | tr '\\0' x; echo END; touch done")
    expect(record.ended).toEqual({ as: 'completed' })
    expect(response.length).toBeLessThanOrEqual(64 * 1024)
    expect(JSON.stringify(steps).length).toBeLessThan(30_000)
  })
})

describe('limits', () => {
  it('time: the run keeps its steps and its work', async () => {
    const { record, steps, diff } = await bench.python(
      'open("done.txt", "w").write("half\\n")\nsubprocess.run(["true"])\nprint("waiting")\ntime.sleep(60)',
      {
        wallMs: 1500,
        workspace: { 'a.txt': 'a\n' },
      },
    )
    expect(record.ended).toEqual({ as: 'limit', limit: 'time' })
    expect(kinds(steps)).toEqual(['edit', 'shell', 'assistant'])
    expect(diff).toContain('+half')
    expect(record.timing.agentMs).toBeLessThan(6000)
  })

  it('time, for an agent that stops the driver', async () => {
    const { record, steps, diff } = await bench.shell('echo x > x; kill -STOP $PPID; sleep 60', { wallMs: 1500 })
    expect(record.ended).toEqual({ as: 'limit', limit: 'time' })
    expect(kinds(steps)).toEqual(['shell', 'edit'])
    expect(diff).toContain('+x')
  })

  it('time, after the agent had answered: the answer stays', async () => {
    const { record, response } = await bench.python('import atexit\natexit.register(time.sleep, 60)\nreturn "x"', { wallMs: 1500 })
    expect(record.ended).toEqual({ as: 'limit', limit: 'time' })
    expect(response).toBe('x')
  })

  it('memory', async () => {
    const { record } = await bench.python('blob = bytearray(900_000_000)\nreturn "never"')
    expect(record.ended).toEqual({ as: 'limit', limit: 'memory' })
  })

  it('a run that is cancelled ends at once, and nobody is blamed', async () => {
    const cancel = new AbortController()
    const { record } = await bench.python('time.sleep(60)', {
      signal: cancel.signal,
      onEvent: (event) => event.at === 'running' && setTimeout(() => cancel.abort(), 200),
    })
    expect(record.ended).toEqual({ as: 'cancelled' })
    expect(record.timing.durationMs).toBeLessThan(10_000)
  })

  it('an agent that ends its own sandbox is graded', async () => {
    const { record, diff } = await bench.shell('echo x > x; sudo kill -9 1; kill -9 -1; sleep 5')
    expect(record.ended).toMatchObject({ as: 'error', code: 'agent_sandbox_exited' })
    expect(diff).toContain('+x')
  })
})

describe('secrets', () => {
  const env = { API_KEY: { credential: 'KEY' }, PIN: { credential: 'PIN' } }

  it('reach the agent and are masked everywhere else', async () => {
    const body = `import base64
key = os.environ["API_KEY"]
print("key", key, run_token)
sys.stdout.write(key[:10]); sys.stdout.flush(); time.sleep(0.05); print(key[10:])
subprocess.run(["echo", base64.b64encode(b"x:" + key.encode()).decode()], capture_output=True)
open("leak.txt", "w").write(f"key={key}\\n")
os.makedirs("/home/user/outputs", exist_ok=True)
open("/home/user/outputs/log.txt", "w").write(key)
return f"{len(key)} {key} {key.encode().hex()}"`
    const { record, steps, response, diff, outputs } = await bench.python(body, { environment: { env }, workspace: { 'a.txt': 'a\n' } })
    expect(response).toBe('24 *** ***')
    expect(outputs).toEqual({ 'log.txt': '***' })
    expect(diff).toContain('+key=***')
    expect(record.work).toBeUndefined()
    expect(record.warnings).toEqual([expect.stringContaining('Credential PIN'), expect.stringContaining('holds a credential')])
    const all = JSON.stringify([record, steps, response, diff])
    expect(all).not.toMatch(/sk-proj|0123456789abcdef/)
    expect(all).not.toContain(Buffer.from('x:sk-proj-0123456789').toString('base64').slice(4, 20))
  })
})

it('outputs are taken, and a file without end costs nobody a disk', async () => {
  const { record, outputs } = await bench.shell('mkdir -p ~/outputs/a; echo ok > ~/outputs/a/ok; truncate -s 20G ~/outputs/z')
  expect(record.ended).toEqual({ as: 'completed' })
  expect(outputs).toSatisfy((found: object) => Object.keys(found).every((name) => name === 'a/ok'))
  expect(record.warnings[0]).toContain('larger than 10 MB')
})

it('the agent’s folder is never in the graded tree, and holds nothing of ours', async () => {
  const { response } = await bench.python(
    'return " ".join(sorted(os.listdir("/home/user/agent"))) + " | " + " ".join(sorted(os.listdir(".")))',
    {
      workspace: { 'a.txt': 'a\n' },
      code: { 'data.json': '{}' },
    },
  )
  expect(response).toBe('__pycache__ data.json main.py | .git a.txt')
})
