import { execFileSync, spawn } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelCall } from '../../runner/domain/model-call.ts'
import type { Report, ReportRun } from '../../runner/domain/report.ts'
import type { Step } from '../../runner/domain/step.ts'
import { judgeServer } from '../fakes/judge-server.ts'
import { type Bug, makeBug } from '../fakes/model-server/bug.ts'
import { type Fault, type ModelServer, modelServer } from '../fakes/model-server/server.ts'
import { canaryOf, formsOf, watchMachine } from '../support/canary.ts'
import { type Ended, proctor, readReport } from '../support/cli.ts'
import { ofClis } from '../support/of-clis.ts'
import { leftBy } from '../support/ours.ts'
import { plantedSettings } from '../support/planted-settings.ts'
import { there } from '../support/there.ts'
import { timeless } from '../support/timeless.ts'
import { scenarioYaml, written } from '../support/written.ts'

// One after the other, for they share images, and one is built at a time.
import './harness-config.ts'

/** The real CLIs, as their users install and start them. What they leave behind in their own sandbox is told at the end. */
const clis = {
  claude: { install: 'RUN sudo npm install -g @anthropic-ai/claude-code', command: 'claude -p "$(cat $PIPELINES_TASK_FILE)"' },
  codex: { install: 'RUN sudo npm install -g @openai/codex', command: 'codex exec -m gpt-5.5 "$(cat $PIPELINES_TASK_FILE)"' },
  aider: {
    install: 'RUN uv tool install --python 3.11 aider-chat',
    command: '/home/user/.local/bin/aider --model openai/gpt-4.1 --message-file $PIPELINES_TASK_FILE *.py',
  },
  gemini: { install: 'RUN sudo npm install -g @google/gemini-cli', command: 'gemini -m gemini-2.5-pro -p "$(cat $PIPELINES_TASK_FILE)"' },
  qwen: { install: 'RUN sudo npm install -g @qwen-code/qwen-code', command: 'qwen --model gpt-4.1 "$(cat $PIPELINES_TASK_FILE)"' },
  opencode: { install: 'RUN sudo npm install -g opencode-ai', command: 'opencode run -m openai/gpt-4.1 "$(cat $PIPELINES_TASK_FILE)"' },
} as const
type Name = keyof typeof clis
/** Qwen Code now and then hands its model the empty result of a command that did print: only where every matrix runs. */
const isFull = process.env.PROCTOR_TEST_FULL !== undefined
const names = (Object.keys(clis) as Name[]).filter((name) => isFull || name !== 'qwen') // the keys of a constant
/** Trusts what lies in its workspace, because its author says so: what was planted there does run. */
const trusting = `${clis.claude.command} --setting-sources user,project`
/** Those whose way to fail is looked at, case by case. */
const failing = ['claude', 'codex', 'aider'] as const

const confess = `; code=$?; { env; echo; cat /proc/*/environ 2>/dev/null | tr '\\\\0' '\\\\n'; ps auxww; cat ~/.codex/config.toml ~/.claude.json 2>/dev/null; } > /home/user/outputs/seen.txt 2>&1; exit $code`
const agentOf = (name: string, { command, install }: { readonly command: string; readonly install: string }) => `apiVersion: proctor/v1
kind: ShellCommand
name: ${name}
run_command: >-
  ${command}${confess}
run_timeout_s: 240
environment:
  resources: {memory: 4g}
  dockerfile: |
    ${install}
`
const rubricOf = ({ source }: Bug) => `- **tells**: the change or the response mentions ${source}\n`
const evalOf = (name: string, dataset: string, judge: string) => `apiVersion: proctor/v1
kind: Eval
name: ${name}
scenario: bug
dataset: ${dataset}.csv
judge: ${judge}
`

type Files = Readonly<Record<string, string>>

function packageOf(
  bug: Bug,
  agents: readonly Name[],
  { rows, judge, more = {} }: { rows: readonly string[]; judge: string; more?: Files },
) {
  const csv = `id,user\n${rows.map((row) => `${row},"${bug.prompt} Remark: scripted-fault-${row}."`).join('\n')}\n`
  return written({
    ...more,
    ...Object.fromEntries(Object.entries(bug.files).map(([path, text]) => [`scenarios/bug/tree/${path}`, text])),
    'scenarios/bug/scenario.yaml': scenarioYaml(
      'bug',
      `workspace: {dir: tree}\nprotected: [${bug.test}]\nscorers: [{name: tests, type: tests, command: ${JSON.stringify(bug.command)}}]\n`,
    ),
    ...Object.fromEntries(
      agents.flatMap((name) => [
        [`agents/${name}/agent.yaml`, agentOf(name, clis[name])],
        [`agents/${name}/rubric.md`, rubricOf(bug)],
        [`agents/${name}/evals/fix.yaml`, evalOf(`fix-${name}`, 'fix', judge)],
        [`agents/${name}/evals/fix.csv`, csv],
      ]),
    ),
  })
}

const jsonLines = async <T>(path: string) =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T) // lines that proctor wrote

describe('real coding CLIs, with nothing but the gateway', () => {
  const bug = makeBug()
  const key = canaryOf('provider')
  let folder: Awaited<ReturnType<typeof packageOf>>
  let report: Report
  let ended: Ended
  let repeated: Ended
  let machine: string
  let server: ModelServer
  let kept: readonly string[]

  beforeAll(async () => {
    folder = await packageOf(bug, names, {
      rows: ['fix'],
      judge: '{model: local/fake, rubric: ../rubric.md}',
      more: {
        'canary.txt': key,
        ...Object.fromEntries(Object.entries(plantedSettings).map(([path, text]) => [`scenarios/bug/tree/${path}`, text])),
        'agents/trusting/agent.yaml': agentOf('trusting', { ...clis.claude, command: trusting }),
        'agents/trusting/evals/fix.yaml': evalOf('fix-trusting', 'fix', 'none'),
        'agents/trusting/evals/fix.csv': `id,user\nfix,"${bug.prompt} Remark: trusting."\n`,
      },
    })
    await using judge = await judgeServer()
    server = await modelServer({ key })
    using watching = watchMachine()
    const args = ['--out', folder.at('out'), '--record', folder.at('tape'), '--concurrency', '2', '--attempts', '1', '--keep-sandbox']
    ended = await proctor(['run', folder.root, ...args], { env: { ...ofClis, ...server.variables, ...judge.variables } })
    machine = watching.seen()
    kept = leftBy(ended.pid).map((line) => line.split(' ')[0] ?? '')
    report = await readReport(folder.at('out'))
    // Neither keys nor anybody to ask.
    const again = ['--out', folder.at('again'), '--replay', folder.at('tape'), '--concurrency', '2', '--attempts', '1']
    repeated = await proctor(['run', folder.root, ...again], { env: ofClis })
  }, 900_000)
  afterAll(async () => {
    if (kept.length > 0) execFileSync('docker', ['rm', '--force', '--volumes', ...kept], { stdio: 'ignore' })
    await server[Symbol.asyncDispose]()
    await rm(folder.root, { recursive: true, force: true })
  })

  const runOf = (name: string): ReportRun => there(report.batches.find(({ agent }) => agent === name)?.runs[0])
  /** Every CLI says who it is. */
  const asked = (name: Name) => {
    const own = { claude: /claude-cli/, codex: /codex/, aider: /^OpenAI\/Python/, gemini: /gemini/i, qwen: /qwen/i, opencode: /opencode/ }[
      name
    ]
    return server.questions().filter(({ headers, body }) => own.test(headers['user-agent'] ?? '') && !body.includes('Remark: trusting.'))
  }

  test.each(names)('%s fixes the bug, and shows diff, trajectory, scorer badge and verdict', async (name) => {
    const run = runOf(name)
    expect(run, ended.stderr).toMatchObject({ verdict: 'pass', ended: { as: 'completed' } })
    const diff = await readFile(folder.at(`out/${run.diff?.path}`), 'utf8')
    expect(diff).toContain(`-${bug.broken}`)
    expect(diff).toContain(`+${bug.fixed}`)
    // The correction, and nothing that the CLI left for itself.
    expect(run.diff).toMatchObject({ files: 1, added: 1, removed: 1, left: [] })
    expect(run.scores).toMatchObject([{ name: 'tests', status: 'PASS' }])
    expect(run.judge).toMatchObject({ pass: true })
    const away = { aider: '.aider.conf.yml', opencode: '.opencode' }[name as string] // most have none
    expect(run.warnings).toEqual(away ? [expect.stringContaining(`\`${away}\` of the workspace was kept out of it`)] : [])
    const steps = await jsonLines<Step>(folder.at(`out/${run.trajectory}`))
    const kinds = new Set(steps.map(({ kind }) => kind))
    expect(kinds).toContain('assistant')
    const edit = there(steps.find((step) => step.kind === 'edit'))
    expect(edit).toMatchObject({ detail: { path: bug.source, diff: expect.stringContaining(`+${bug.fixed}`) } })
    if (name === 'aider') return
    const shells = steps.flatMap((step) => (step.kind === 'shell' ? [step.detail] : []))
    expect(shells.filter(({ command }) => command.includes('pytest')).map(({ exit_code }) => exit_code)).toEqual([1, 0])
    expect(shells.at(-1)?.output).toContain('1 passed')
  })

  test.each(names)('%s is metered by the gateway: the sums are what the provider counted', async (name) => {
    const run = runOf(name)
    const calls = await jsonLines<ModelCall>(folder.at(`out/${there(run.model_calls)}`))
    const questions = asked(name)
    const told = questions.map(({ tokens }) => tokens)
    expect(calls.filter(({ tokens }) => tokens.output > 0)).toHaveLength(questions.length)
    expect(run.usage).toMatchObject({
      by: 'metered',
      output_tokens: told.reduce((sum, tokens) => sum + (tokens?.output ?? 0), 0),
      cache_read_tokens: told.reduce((sum, tokens) => sum + (tokens?.cacheRead ?? 0), 0),
    })
    expect(run.usage.cost_usd).toBeGreaterThan(0)
  })

  test.each(names)('%s: the provider saw the real key, the sandbox only the token', async (name) => {
    const questions = asked(name)
    expect(questions.length).toBeGreaterThan(0)
    for (const { headers } of questions)
      expect(headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization?.replace('Bearer ', '')).toBe(key)
    const seen = await readFile(folder.at(`out/runs/${runOf(name).id}/output/seen.txt`), 'utf8')
    expect(seen).toMatch(/_BASE_URL=http:\/\/127\.0\.0\.1:8484\//)
    expect(seen).toContain('PROCTOR_RUN_TOKEN=***')
    for (const form of formsOf(key)) expect(seen.includes(form)).toBe(false)
  })

  test('what lies in the workspace runs nothing and leads nowhere, unless the author of an agent trusts it', () => {
    const planted = (name: string) => runOf(name).outputs.flatMap(({ name }) => (name.includes('planted-') ? [name] : []))
    for (const name of names) expect([name, planted(name)]).toEqual([name, []])
    expect(planted('trusting')).not.toEqual([])
  })

  test('what was recorded of them replays with no provider at all, to the same report', async () => {
    const again = timeless(await readReport(folder.at('again')))
    const told = ({ batches }: ReturnType<typeof timeless>) =>
      // What the sandbox confessed has other process ids and another token.
      batches.flatMap((batch) => (batch.agent === 'qwen' ? [] : [{ ...batch, runs: batch.runs.map((run) => ({ ...run, outputs: [] })) }]))
    expect(told(again), repeated.stderr).toEqual(told(timeless(report)))
  })

  test('the key is in no file of a sandbox, in no layer of an image, in no argument, and in nothing that was written', async () => {
    const forms = formsOf(key)
    expect(kept.length).toBeGreaterThanOrEqual(names.length)
    // Each is a gigabyte; those of the CLIs that are looked at case by case stand for all.
    const format = '{{index .Config.Labels "proctor.run"}} {{len .Mounts}}'
    const agents = failing.map((name) => `${runOf(name).id} 1`)
    const looked = kept.filter((container) =>
      agents.includes(execFileSync('docker', ['inspect', '--format', format, container], { encoding: 'utf8' }).trim()),
    )
    expect(looked).toHaveLength(failing.length)
    const found = await Promise.all(looked.map((container) => holds(['export', container], forms)))
    expect(found).toEqual(looked.map(() => false))
    const images = new Set(
      kept.map((name) => execFileSync('docker', ['inspect', '--format', '{{.Image}}', name], { encoding: 'utf8' }).trim()),
    )
    for (const image of images) expect(execFileSync('docker', ['history', '--no-trunc', image], { encoding: 'utf8' })).not.toContain(key)
    for (const form of forms) expect(machine.includes(form)).toBe(false)
    expect(await holds(['save', there([...images][0])], forms)).toBe(false)
    for (const written of ['out', 'tape']) expect([written, await forms.in(folder.at(written))]).toEqual([written, []])
    expect((await readdir(folder.at('tape/agents'))).length).toBeGreaterThan(names.length)
    // The canary would be found: one sandbox is given it on purpose.
    execFileSync('docker', ['cp', '-', `${there(kept[0])}:/tmp`], {
      input: execFileSync('tar', ['-c', '-C', folder.root, 'canary.txt'].map(String)),
    })
    expect(await holds(['export', there(kept[0])], forms)).toBe(true)
  }, 300_000)
})

/** Whether one of the texts is in what docker writes. */
async function holds(args: readonly string[], forms: readonly string[]): Promise<boolean> {
  const needles = forms.map((form) => Buffer.from(form))
  const longest = Math.max(...needles.map(({ length }) => length))
  const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let carry = Buffer.alloc(0)
  for await (const chunk of child.stdout) {
    const bytes = Buffer.concat([carry, chunk as Buffer])
    if (needles.some((needle) => bytes.includes(needle))) {
      child.kill()
      return true
    }
    carry = bytes.subarray(Math.max(0, bytes.length - longest))
  }
  return false
}

describe('a provider that fails', () => {
  const faults = { 401: 401, 429: 429, 500: 500, hang: 'hang', drop: 'drop' } as const satisfies Record<string, Fault>
  const bug = makeBug()
  let folder: Awaited<ReturnType<typeof packageOf>>
  let report: Report
  let ended: Ended

  beforeAll(async () => {
    folder = await packageOf(bug, failing, { rows: [...Object.keys(faults), 'useless'], judge: 'none' })
    await using server = await modelServer({
      fault: (_, asked) => {
        const [, name = ''] = /scripted-fault-(\w+)/.exec(JSON.stringify(asked)) ?? []
        return Object.hasOwn(faults, name) ? faults[name as keyof typeof faults] : undefined // just looked up
      },
      move: () => ({ text: 'I have looked at it, and I leave it as it is.' }),
    })
    ended = await proctor(['run', folder.root, '--out', folder.at('out'), '--concurrency', '4', '--attempts', '1'], {
      env: { ...ofClis, ...server.variables, PROCTOR_MODEL_TIMEOUT_S: '2' },
    })
    report = await readReport(folder.at('out'))
  }, 900_000)
  afterAll(() => rm(folder.root, { recursive: true, force: true }))

  const runOf = (name: Name, sample: string) =>
    there(report.batches.find(({ agent }) => agent === name)?.runs.find((run) => run.sample === sample))
  const table = failing.flatMap((name) => [
    [name, '401', 'model_key_refused'] as const,
    ...(['429', '500', 'hang', 'drop'] as const).map((fault) => [name, fault, 'model_upstream_failed'] as const),
  ])

  test.each(table)('%s, %s: nobody blames the agent: %s', (name, fault, code) => {
    expect(runOf(name, fault), ended.stderr).toMatchObject({ verdict: 'unscored', code })
  })

  test.each(table)('%s, %s: it ends long before its limit', (name, fault) => {
    expect(runOf(name, fault).duration_ms).toBeLessThan(240_000)
  })

  test.each(failing)('%s that does nothing while the models answer fails', (name) => {
    expect(runOf(name, 'useless'), ended.stderr).toMatchObject({ verdict: 'fail' })
  })
})
