import { describe, expect, test } from 'vitest'
import { scanTar } from '../../../runner/lib/tar.ts'
import { makePlan, type PlanRequest } from '../../../runner/plan/make-plan.ts'
import { there } from '../../support/there.ts'
import { agentYaml, evalYaml, planningWorld, polite, problemsOf, scenarioYaml, written } from '../../support/written.ts'

const signal = new AbortController().signal
type Files = Parameters<typeof written>[0]

const python = { 'agents/a/main.py': 'def run(t, *, proxy_url, run_token): return ""\n' }
const csv = 'agents/a/evals/e.csv'
const rows = 'user,expected,order\nhi,bye,1\nyo,,2\n'
const simple: Files = {
  ...python,
  'agents/a/agent.yaml': agentYaml('a'),
  'agents/a/evals/e.yaml': evalYaml('e', `dataset: e.csv\njudge: none\n${polite}`),
  [csv]: rows,
}
const coding: Files = {
  'scenarios/fix/scenario.yaml': scenarioYaml(
    'fix',
    'workspace: {dir: workspace}\ninstruction: Fix it\noracle: {patch: it.patch}\nscorers: [{name: tests, type: tests, files: checks}]\n',
  ),
  'scenarios/fix/workspace/a.py': 'x = 1\n',
  'scenarios/fix/checks/test_a.py': 'def test(): pass\n',
  'scenarios/fix/it.patch': 'diff\n',
}

async function plan(files: Files, request: Partial<PlanRequest> = {}) {
  await using tree = await written(files)
  await using cache = await written({})
  const world = planningWorld(cache.root)
  const made = await makePlan({ ...request, root: tree.root }, world, signal)
  return { made, runs: made.batches.flatMap(({ runs }) => runs), world }
}
const problems = (files: Files, request: Partial<PlanRequest> = {}) => problemsOf(() => plan(files, request))

/** Names of the files in a blob. */
async function filesIn(world: ReturnType<typeof planningWorld>, ref: Parameters<typeof world.blobs.bytes>[0]) {
  const names: string[] = []
  const visitor = { entry: ({ name }: { name: string }) => void names.push(name) }
  await scanTar(ReadableStream.from([world.blobs.bytes(ref)]), visitor)
  return names
}

describe('a plan', () => {
  test('one run a row, complete in itself and plain JSON', async () => {
    const { made, runs } = await plan(simple)
    expect(made.batches.map(({ agent, eval: name, gate }) => [agent, name, gate])).toEqual([
      ['a', 'e', { minPassRate: 1, noRegressions: false }],
    ])
    expect(runs.map(({ sample }) => [sample.user, sample.input, sample.expected, sample.from])).toEqual([
      ['hi', { order: '1' }, 'bye', { file: csv, line: 2 }],
      ['yo', { order: '2' }, '', { file: csv, line: 3 }],
    ])
    expect(runs[0]).toMatchObject({
      side: 'head',
      epoch: 1,
      attempt: 1,
      judge: 'none',
      limits: { wallMs: 300_000, turns: 1 },
      agent: { slug: 'a', concurrencyCap: 5, start: { kind: 'PythonFunction', file: 'main.py', entrypoint: 'run' } },
    })
    expect(runs[0]?.sample.scorers).toEqual([
      { name: 'polite', type: 'response', required: true, options: { contains: 'please', ignore_case: false } },
    ])
    expect(JSON.parse(JSON.stringify(made))).toEqual(made)
  })

  test('is the same on another machine, and another when anything changes', async () => {
    const { made } = await plan(simple)
    expect((await plan(simple)).made).toEqual({ ...made, trigger: expect.anything() })
    const others = [
      plan({ ...simple, [csv]: `${rows}new,,3\n` }),
      plan({ ...simple, 'agents/a/main.py': 'changed\n' }),
      plan({ ...simple, 'agents/a/evals/e.yaml': evalYaml('e', `dataset: e.csv\njudge: none\ngate: {min_pass_rate: 0.5}\n${polite}`) }),
      plan(simple, { epochs: 2 }),
      plan(simple, { judge: 'openai/x' }),
    ]
    const ids = (await Promise.all(others)).map((other) => other.made.id)
    expect(new Set([made.id, ...ids]).size).toBe(6)
  })

  test('ids of samples do not depend on their neighbours, and equal rows are two samples', async () => {
    const ids = async (text: string) => (await plan({ ...simple, [csv]: text })).runs.map(({ sample }) => sample.id)
    const [first, second] = await ids('user\na\nb\n')
    expect(await ids('user\nnew\nb\na\n')).toEqual([expect.any(String), second, first])
    expect(await ids('user\na\na\n')).toEqual([first, `${first}-2`])
    expect(await ids('id,user\nOne Two,a\n../../x,b\n')).toEqual(['One Two', '../../x'])
  })

  test('ids of runs are file names, one each', async () => {
    const { runs } = await plan({ ...simple, [csv]: 'id,user\n../../x,b\n日本語,c\nCON,d\n..,e\n' }, { epochs: 3 })
    expect(new Set(runs.map(({ id }) => id)).size).toBe(12)
    for (const { id } of runs) expect(id).toMatch(/^a\.e\.[A-Za-z0-9_-]+\.[0-9a-f]{12}(\.e[23])?$/)
  })

  test('what is expected never reaches the agent, nor do its evals', async () => {
    const { runs, world } = await plan({
      ...simple,
      'agents/a/lib/x.py': '',
      'agents/a/data/secret.csv': rows,
      'agents/a/rubric.md': 'x',
      'agents/a/evals/f.yaml': evalYaml('f', 'dataset: ../data/secret.csv\njudge: {model: a/b, rubric: ../rubric.md}\n'),
    })
    expect(runs[0]?.sample.input).not.toHaveProperty('expected')
    expect((await filesIn(world, there(runs[0]).agent.source)).filter((name) => /csv|md|yaml/.test(name))).toEqual(['agent.yaml'])
    expect(await filesIn(world, there(runs[0]).agent.source)).toContain('lib/x.py')
  })

  test('a scenario is frozen with its workspace and the files that graders lay over it', async () => {
    const { runs, world } = await plan({ ...simple, ...coding, 'agents/a/evals/e.yaml': evalYaml('e', 'scenario: fix\njudge: none\n') })
    const [{ sample }] = [there(runs[0])]
    expect(sample).toMatchObject({
      id: 'fix',
      user: 'Fix it',
      exercise: { name: 'fix', editable: [], setup: { mode: 'none', text: '' }, grading: 'isolated' },
    })
    expect(await filesIn(world, there(sample.exercise).workspace)).toEqual(['a.py'])
    expect(await filesIn(world, there(sample.scorers[0]?.files))).toEqual(['test_a.py'])
    expect(there(sample.scorers[0]).options).toEqual({ command: 'python -m pytest -q', format: 'pytest', timeout_s: 900 })
  })

  test('rows name their scenario in a wired column', async () => {
    const files = { ...simple, ...coding, 'scenarios/add.yaml': scenarioYaml('add', 'workspace: empty\ninstruction: Add it\n') }
    const wired = evalYaml('e', `dataset: e.csv\njudge: none\ncolumns: {scenario_ref: task}\n${polite}`)
    const { runs } = await plan({ ...files, 'agents/a/evals/e.yaml': wired, [csv]: 'user,task\n,fix\nown words,add\n' })
    expect(runs.map(({ sample }) => [sample.user, sample.exercise?.name, sample.input])).toEqual([
      ['Fix it', 'fix', {}],
      ['own words', 'add', {}],
    ])
    expect(await problems({ ...files, 'agents/a/evals/e.yaml': wired, [csv]: 'user,task\na,\nb,fxi\n' })).toEqual([
      'agents/a/evals/e.csv:2 ScenarioResolutionError `task` is blank; accepted: the name of a scenario',
      'agents/a/evals/e.csv:3 ScenarioResolutionError `task`: found "fxi"; did you mean `fix`?',
    ])
    expect(await problems({ ...files, 'agents/a/evals/e.yaml': wired, [csv]: 'user,tsk\na,fix\n' })).toEqual([
      'agents/a/evals/e.csv:1 dataset_invalid the column `task` is missing, which `columns.scenario_ref` is wired to; did you mean `tsk`?',
    ])
  })

  test('a scenario that a dataset names is not run a second time on its own', async () => {
    const all = evalYaml('all', 'dataset: all.csv\njudge: none\ncolumns: {scenario_ref: task}\n')
    const files = { ...coding, 'scenarios/all.yaml': all, 'scenarios/all.csv': 'user,task\n,fix\n' }
    const { made } = await plan(files, { agents: ['no-op'] })
    expect(made.batches.map(({ eval: name, runs }) => [name, runs.length])).toEqual([['all', 1]])
    const { made: alone } = await plan(coding, { agents: ['no-op'] })
    expect(alone.batches.map(({ eval: name }) => name)).toEqual(['fix'])
  })

  test('environments become layers', async () => {
    const environment = `environment:
  dockerfile: |
    # syntax=docker/dockerfile:1
    ENV A=0 B=1 PATH=/opt/bin:$PATH
    RUN true
  system_packages: [jq]
  requirements: ["x; python_version > '3'"]
  setup_command: make
  env: {A: b}
  resources: {memory: 1.5g, disk: 512m}
`
    const { made, runs } = await plan({ ...simple, 'agents/a/agent.yaml': agentYaml('a', environment) })
    const { agent } = there(runs[0])
    const image = { A: '0', B: '1', PATH: expect.stringMatching(/^\/opt\/bin:.*:\/bin$/) }
    expect(agent.environment).toMatchObject({
      resources: { cpus: 2, memoryMb: 1536, pids: 512, diskMb: 512 },
      custom: 1,
      env: { ...image, A: 'b' },
    })
    expect(agent.environment).not.toHaveProperty('setup')
    const [step, packages, wheels, code, setup, ...more] = agent.environment.recipe
    expect(step).toMatchObject({ title: 'RUN true', as: 'user', cwd: '/home/user', env: image, blame: 'image_build_failed' })
    expect(packages).toMatchObject({ as: 'root', run: expect.stringContaining("-- 'jq'"), blame: 'environment_setup_failed', env: image })
    expect(wheels).toMatchObject({ as: 'root', run: expect.stringContaining(`-- 'x; python_version > '\\''3'\\'''`), env: image })
    expect(code).toEqual({ put: agent.source, at: '/home/user/agent' })
    expect(setup).toMatchObject({ as: 'user', run: 'make', cwd: '/home/user/agent', env: { ...image, A: 'b' } })
    expect(more).toEqual([])
    expect(made.warnings).toEqual(['a: `dockerfile`, line 1: `# syntax=docker/dockerfile:1` is ignored: proctor runs the steps itself'])
  })

  test('a setup command whose environment holds a secret is part of no image', async () => {
    const environment = 'environment: {setup_command: make, requirements: [x], env: {A: b, K: {credential: K}}}\n'
    const { runs } = await plan({ ...simple, 'agents/a/agent.yaml': agentYaml('a', environment) })
    const { recipe, setup, env } = there(runs[0]).agent.environment
    expect({ setup, env }).toEqual({ setup: 'make', env: { A: 'b', K: { credential: 'K' } } })
    expect(recipe).toEqual([expect.objectContaining({ run: expect.stringContaining("-- 'x'") })])
  })

  test('another Python is the first on PATH, and what is installed goes there', async () => {
    const environment = 'environment: {python_version: "3.11", requirements: [x], setup_command: make, env: {PATH: /mine}}\n'
    const { runs } = await plan({ ...simple, 'agents/a/agent.yaml': agentYaml('a', environment) })
    const { recipe, env } = there(runs[0]).agent.environment
    const [interpreter, tools, wheels, , setup] = recipe
    expect(interpreter).toMatchObject({ as: 'root', blame: 'python_not_available' })
    expect(tools).toMatchObject({ as: 'user', blame: 'environment_setup_failed' })
    expect(wheels).toMatchObject({ as: 'user', env: { PATH: expect.stringMatching(/^\/opt\/python3\.11\/bin:/) } })
    expect(setup).toMatchObject({ env: { PATH: '/opt/python3.11/bin:/mine' } })
    expect(env).toEqual({ PATH: '/opt/python3.11/bin:/mine' })
  })

  test('what nothing is held to yet says so', async () => {
    const { made } = await plan({ ...simple, 'agents/a/agent.yaml': agentYaml('a', 'input_schema: {type: object}\n') })
    expect(made.warnings).toEqual(['a: `input_schema` is not enforced in this release'])
  })

  test('a warning of the fetcher stays with the exercise', async () => {
    const { runs } = await plan(
      {
        ...coding,
        'scenarios/fix/scenario.yaml': scenarioYaml(
          'fix',
          'workspace: {git: {url: "https://example.com/x", ref: gone}}\ninstruction: x\nscorers: [{name: c, type: command, command: "true"}]\n',
        ),
      },
      { agents: ['no-op'] },
    )
    expect(runs[0]?.sample.exercise).toMatchObject({ pinned: 'c'.repeat(40), warnings: ['the ref is not there'] })
  })

  test('a thousand rows share one agent, one exercise and one list of scorers', async () => {
    const { runs } = await plan({
      ...simple,
      ...coding,
      'agents/a/evals/e.yaml': evalYaml('e', 'scenario: fix\njudge: none\ndataset: e.csv\n'),
      [csv]: `user\n${Array.from({ length: 1000 }, (_, index) => `q${index}`).join('\n')}`,
    })
    for (const part of [
      runs.map(({ agent }) => agent),
      runs.map(({ sample }) => sample.exercise),
      runs.map(({ sample }) => sample.scorers),
    ])
      expect(new Set<unknown>(part).size).toBe(1)
    expect(runs).toHaveLength(1000)
  })
})

describe('what is asked for', () => {
  const two: Files = {
    ...simple,
    'agents/b/agent.yaml': agentYaml('b'),
    'agents/b/main.py': '',
    'agents/b/evals/f.yaml': evalYaml('f', `dataset: ../../a/evals/e.csv\njudge: none\n${polite}`),
    'evals/g.yaml': evalYaml('g', `agent: b\ndataset: ../agents/a/evals/e.csv\njudge: none\n${polite}`),
  }
  const pairs = async (request: Partial<PlanRequest>, files = two) =>
    (await plan(files, request)).made.batches.map(({ agent, eval: name }) => `${agent} / ${name}`)

  test.each<[string, Partial<PlanRequest>, string[]]>([
    ['everything', {}, ['a / e', 'b / f', 'b / g']],
    ['an agent: its own evals', { agents: ['b'] }, ['b / f', 'b / g']],
    ['an eval', { evals: ['e'] }, ['a / e']],
    ['an agent with an eval of another', { agents: ['b'], evals: ['e'] }, ['b / e']],
    ['two agents, one eval', { agents: ['a', 'b'], evals: ['e'] }, ['a / e', 'b / e']],
    ['a built-in agent: all evals', { agents: ['no-op'] }, ['no-op / e', 'no-op / f', 'no-op / g']],
  ])('%s', async (_, request, expected) => {
    expect(await pairs(request)).toEqual(expected)
  })

  test.each<[string, Partial<PlanRequest>, string[]]>([
    ['an unknown agent', { agents: ['bb'] }, ['agent_not_found no agent is called `bb`; did you mean `b`?']],
    ['an unknown eval', { evals: ['zzz'] }, ['eval_not_found no eval is called `zzz`; known: e, f, g']],
    [
      'both',
      { agents: ['zzz'], evals: ['ee'] },
      ['eval_not_found no eval is called `ee`; did you mean `e`?', 'agent_not_found no agent is called `zzz`; known: a, b, oracle, no-op'],
    ],
    ['an unknown sample', { samples: ['zzz'] }, ['usage_invalid --sample: no sample is called `zzz`; known: 6c0f71769e, 9ab0724551']],
    [
      'a judge that is none',
      { judge: 'gpt' },
      ['usage_invalid --judge: found "gpt"; accepted: provider/model, such as openai/gpt-5-mini, or none'],
    ],
  ])('%s', async (_, request, expected) => {
    expect(await problems(two, request)).toEqual(expected)
  })

  test('one sample', async () => {
    const files = { ...simple, [csv]: 'id,user\none,a\ntwo,b\n' }
    expect((await plan(files, { samples: ['two'], epochs: 2 })).runs.map(({ sample, epoch }) => [sample.id, epoch])).toEqual([
      ['two', 1],
      ['two', 2],
    ])
  })

  test('a draft is left out, and refused when it is named or alone', async () => {
    const draft = { ...two, 'agents/b/agent.yaml': agentYaml('b', 'draft: true\n') }
    expect((await plan(draft)).made.warnings).toEqual(['the agent `b` is a draft: its evals were left out'])
    expect(await pairs({}, draft)).toEqual(['a / e'])
    expect(await problems(draft, { agents: ['b'] })).toEqual(['agents/b/agent.yaml:4:8 agent_draft the agent `b` is a draft'])
    expect(await problems({ ...simple, 'agents/a/agent.yaml': agentYaml('a', 'draft: true\n') })).toEqual([
      'agents/a/agent.yaml:4:8 agent_draft the agent `a` is a draft',
    ])
  })

  test('an eval of nobody needs an agent', async () => {
    const files = { ...two, 'evals/g.yaml': evalYaml('g', `dataset: ../agents/a/evals/e.csv\njudge: none\n${polite}`) }
    expect(await problems(files, { evals: ['g'] })).toEqual([
      'evals/g.yaml:3:7 agent_not_found the eval `g` names no agent; name one with --agent or `agent:`; known: a, b, oracle, no-op',
    ])
    expect(await pairs({ agents: ['a'] }, files)).toEqual(['a / e', 'a / g'])
  })

  test('two evals of one name are for two agents, or an error', async () => {
    const same = (agent: string) => ({
      ...two,
      'evals/g.yaml': evalYaml('e', `agent: ${agent}\ndataset: ../agents/a/evals/e.csv\njudge: none\n${polite}`),
    })
    expect(await pairs({ evals: ['e'] }, same('b'))).toEqual(['a / e', 'b / e'])
    expect(await problems(same('a'))).toEqual([
      'evals/g.yaml:3:7 config_invalid `name`: found "e", which agents/a/evals/e.yaml has too, for the same agent; accepted: a name of its own',
    ])
    expect(await problems(same('zzz'))).toEqual(['evals/g.yaml:4:8 agent_not_found `agent`: found "zzz"; known: a, b'])
  })

  test('nothing to run', async () => {
    expect(await problems({ 'agents/a/agent.yaml': agentYaml('a'), 'agents/a/main.py': '' })).toEqual([
      'eval_not_found there is no eval: add one in evals/ beside agent.yaml',
    ])
  })
})

describe('built-in agents', () => {
  test('a folder of scenarios runs as it is, with the solution and with nothing', async () => {
    const { runs, world } = await plan(coding, { agents: ['oracle', 'no-op'] })
    expect(runs.map(({ agent, sample }) => [agent.slug, sample.id, agent.start])).toEqual([
      [
        'oracle',
        'fix',
        { kind: 'ShellCommand', command: "git -C /home/user/workspace apply --whitespace=nowarn '/home/user/agent/it.patch'" },
      ],
      ['no-op', 'fix', { kind: 'ShellCommand', command: 'true' }],
    ])
    expect(await filesIn(world, there(runs[0]).agent.source)).toEqual(['it.patch'])
    expect(await filesIn(world, there(runs[1]).agent.source)).toEqual([])
  })

  test('a solution that is a command', async () => {
    const { runs } = await plan(
      {
        'scenarios/fix.yaml': scenarioYaml(
          'fix',
          'workspace: empty\ninstruction: x\noracle: {command: touch x}\nscorers: [{name: c, type: command, command: test -e x}]\n',
        ),
      },
      { agents: ['oracle'] },
    )
    expect(runs[0]?.agent.start).toEqual({ kind: 'ShellCommand', command: 'touch x' })
  })

  test('without a workspace: a file that answers right, and one that says nothing', async () => {
    const files = {
      ...simple,
      'agents/a/evals/right.py': 'def run(t, *, proxy_url, run_token): return t["input"]["order"]\n',
      'agents/a/evals/e.yaml': evalYaml('e', `dataset: e.csv\njudge: none\noracle: {python: right.py}\n${polite}`),
    }
    const { runs, world } = await plan(files, { agents: ['oracle', 'no-op'] })
    expect(runs.map(({ agent }) => [agent.slug, agent.start])).toEqual([
      ...Array.from({ length: 2 }, () => ['oracle', { kind: 'PythonFunction', file: 'right.py', entrypoint: 'run' }]),
      ...Array.from({ length: 2 }, () => ['no-op', { kind: 'PythonFunction', file: 'main.py', entrypoint: 'run' }]),
    ])
    expect(await filesIn(world, there(runs[0]).agent.source)).toEqual(['right.py'])
  })

  test('no solution is an error that names the scenario', async () => {
    const bare = {
      'scenarios/fix.yaml': scenarioYaml('fix', 'workspace: empty\ninstruction: x\nscorers: [{name: c, type: command, command: "true"}]\n'),
    }
    expect(await problems(bare, { agents: ['oracle'] })).toEqual([
      'scenarios/fix.yaml:1:1 config_invalid `oracle`: missing in the scenario `fix`; the built-in agent `oracle` is made of it',
    ])
    expect(await problems(simple, { agents: ['oracle'] })).toEqual([
      'agents/a/evals/e.yaml:1:1 config_invalid `oracle`: missing in the eval `e`; the built-in agent `oracle` is made of it',
    ])
  })

  test('a scenario alone needs an agent', async () => {
    expect(await problems(coding)).toEqual([
      'scenarios/fix/scenario.yaml:3:7 agent_not_found the eval `fix` names no agent; name one with --agent or `agent:`; known: oracle, no-op',
    ])
  })
})

describe('judge and gate', () => {
  const judged = (judge: string, config = '') => ({
    ...simple,
    'agents/a/evals/e.yaml': evalYaml('e', `dataset: e.csv\n${judge}${polite}`),
    'agents/a/evals/rubric.md': 'Be kind.\n',
    ...(config ? { '.github/proctor.yml': config } : {}),
  })
  const judge = async (files: Files, request: Partial<PlanRequest> = {}) => (await plan(files, request)).runs[0]?.judge

  test.each<[string, Files, Partial<PlanRequest>, unknown]>([
    ['of the eval', judged('judge: {model: a/x, rubric: rubric.md, samples: 3}\n'), {}, { model: 'a/x', rubric: 'Be kind.', samples: 3 }],
    [
      'the flag wins',
      judged('judge: {model: a/x, rubric: rubric.md}\n'),
      { judge: 'b/y' },
      { model: 'b/y', rubric: 'Be kind.', samples: 1 },
    ],
    ['the flag says none', judged('judge: {model: a/x, rubric: rubric.md}\n'), { judge: 'none' }, 'none'],
    [
      'of the repository',
      judged('judge: {rubric: rubric.md}\n', 'judge_model: c/z\n'),
      { defaultJudge: 'd/w' },
      { model: 'c/z', rubric: 'Be kind.', samples: 1 },
    ],
    [
      'of the environment',
      judged(''),
      { defaultJudge: 'd/w' },
      { model: 'd/w', rubric: expect.stringContaining('what the task asks'), samples: 1 },
    ],
    ['the repository says none', judged('', 'judge_model: none\n'), { defaultJudge: 'd/w' }, 'none'],
    ['the eval says none', judged('judge: none\n', 'judge_model: c/z\n'), { defaultJudge: 'd/w' }, 'none'],
    [
      'a rubric of several lines is text',
      judged('judge:\n  model: a/x\n  rubric: |\n    - be kind\n    - be brief\n'),
      {},
      { model: 'a/x', rubric: '- be kind\n- be brief', samples: 1 },
    ],
  ])('%s', async (_, files, request, expected) => {
    expect(await judge(files, request)).toEqual(expected)
  })

  test('nobody names one, and nobody says none', async () => {
    expect(await problems(judged(''))).toEqual([
      'agents/a/evals/e.yaml:1:1 agent_model_unresolved the eval `e` has no judge model: not in it, not as `judge_model` in .github/proctor.yml, not as --judge',
    ])
    expect(await problems(judged('judge: {rubric: rubric.md}\n'))).toEqual([
      expect.stringMatching(/^agents\/a\/evals\/e.yaml:5:8 agent_model_unresolved/),
    ])
  })

  test('a gate of the repository holds where the eval says nothing else', async () => {
    const files = judged(
      'judge: none\ngate: {min_pass_rate: 0.5}\n',
      'gate: {min_pass_rate: 0.9, max_cost_usd: 5, min_trust: in-process}\nbudget: {cost_usd: 10, wall_s: 60}\n',
    )
    const { made } = await plan(files)
    expect(made.batches[0]?.gate).toEqual({ minPassRate: 0.5, noRegressions: false, maxCostUsd: 5, minTrust: 'in-process' })
    expect(made.budget).toEqual({ costUsd: 10, wallMs: 60_000 })
  })
})

describe('what could never work is refused before anything is fetched', () => {
  const one = (text: string, more: Files = {}) => ({ ...simple, 'agents/a/evals/e.yaml': evalYaml('e', text), ...more })
  const agent = (text: string, more: Files = {}) => ({ ...simple, 'agents/a/agent.yaml': agentYaml('a', text), ...more })
  const at = (line: string) => `agents/a/evals/e.yaml:${line}`
  const yaml = (line: string) => `agents/a/agent.yaml:${line} agent_code_fetch_failed`

  test.each<[string, Files, string[]]>([
    [
      'nothing to grade with',
      one('dataset: e.csv\njudge: none\n'),
      [`${at('3:7')} nothing_to_grade the eval \`e\` has no scorer and no judge`],
    ],
    [
      'no dataset, no scenario',
      one(`judge: none\n${polite}`),
      [
        `${at('3:7')} config_invalid \`dataset\`: missing, and there is no \`scenario\` with an instruction; accepted: a CSV with a \`user\` column`,
      ],
    ],
    [
      'no dataset, a scenario without instruction',
      one('judge: none\nscenario: {workspace: empty}\n'),
      [
        `${at('3:7')} config_invalid \`dataset\`: missing, and the scenario \`e\` has no \`instruction\`; accepted: a CSV with a \`user\` column`,
      ],
    ],
    [
      'a dataset that is not there',
      one(`dataset: f.csv\njudge: none\n${polite}`),
      [`${at('4:10')} config_invalid \`dataset\`: found "f.csv", which is not there; accepted: a file relative to this file`],
    ],
    [
      'a dataset outside',
      one(`dataset: ../../../../../../../etc/passwd\njudge: none\n${polite}`),
      [
        `${at('4:10')} config_invalid \`dataset\`: found "../../../../../../../etc/passwd", which lies outside the repository; accepted: a file inside it`,
      ],
    ],
    [
      'an absolute dataset',
      one(`dataset: /etc/passwd\njudge: none\n${polite}`),
      [`${at('4:10')} config_invalid \`dataset\`: found "/etc/passwd"; accepted: a relative path with slashes`],
    ],
    [
      'a dataset that is a link out',
      one(`dataset: l.csv\njudge: none\n${polite}`, { 'agents/a/evals/l.csv': { link: '/etc/passwd' } }),
      [`${at('4:10')} config_invalid \`dataset\`: found "l.csv", which lies outside the repository; accepted: a file inside it`],
    ],
    [
      'a dataset that is a folder',
      one(`dataset: .\njudge: none\n${polite}`),
      [`${at('4:10')} config_invalid \`dataset\`: found ".", which is no file; accepted: a file relative to this file`],
    ],
    [
      'an unknown scenario',
      one('scenario: fxi\njudge: none\n', coding),
      [`${at('4:11')} ScenarioResolutionError \`scenario\`: found "fxi"; did you mean \`fix\`?`],
    ],
    [
      'a blank instruction',
      { ...simple, [csv]: 'user,x\n ,1\nok,2\n' },
      ['agents/a/evals/e.csv:2 dataset_invalid `user` is blank, and the row has no scenario with an instruction'],
    ],
    [
      'an id twice, and a blank one',
      { ...simple, [csv]: 'id,user\na,1\na,2\n,3\n' },
      [
        'agents/a/evals/e.csv:3 dataset_invalid `id`: found "a" a second time; accepted: an id of its own',
        'agents/a/evals/e.csv:4 dataset_invalid `id` is blank; accepted: a name, or no `id` column',
      ],
    ],
    [
      'a scorer that needs a workspace',
      one('dataset: e.csv\njudge: none\nscorers: [{name: t, type: tests}]\n'),
      [
        `${at('6:27')} config_invalid \`type\`: found "tests", which needs a workspace; accepted without a scenario: response, output_schema`,
      ],
    ],
    [
      'two scorers of one name',
      one('dataset: e.csv\njudge: none\nscorers: [{name: t, type: response, exact: x}, {name: t, type: response, exact: y}]\n'),
      [`${at('6:55')} config_invalid \`name\`: found "t" a second time; accepted: a name of its own`],
    ],
    [
      'nothing to compare with',
      one('dataset: e.csv\njudge: none\nscorers: [{name: t, type: response}]\n'),
      [`${at('6:27')} config_invalid nothing to compare with; accepted: exact, contains, regex, json_equals`],
    ],
    [
      'a column that is not there',
      one('dataset: e.csv\njudge: none\nscorers: [{name: t, type: response, exact: {column: ordr}}]\n'),
      [`${at('6:53')} config_invalid \`column\`: found "ordr", which the dataset lacks; did you mean \`order\`?`],
    ],
    [
      'a regular expression that is none',
      one('dataset: e.csv\njudge: none\nscorers: [{name: t, type: response, regex: "("}]\n'),
      [`${at('6:44')} config_invalid \`regex\`: Invalid regular expression: /(/: Unterminated group`],
    ],
    [
      'a schema of nobody',
      one('dataset: e.csv\njudge: none\nscorers: [{name: t, type: output_schema}]\n'),
      [`${at('6:27')} config_invalid \`schema\`: missing, and the agent has no \`output_schema\``],
    ],
    [
      'a rubric that is not there',
      one(`dataset: e.csv\njudge: {model: a/x, rubric: be nice}\n${polite}`),
      [
        `${at('5:29')} config_invalid \`judge.rubric\`: found "be nice", which is not there; accepted: a file relative to this file, or a text of more than one line`,
      ],
    ],
    [
      'a command without a workspace',
      { ...simple, 'agents/a/agent.yaml': 'apiVersion: proctor/v1\nkind: ShellCommand\nname: a\nrun_command: x\n' },
      [`${at('3:7')} in_sandbox_requires_workspace the agent \`a\` is a ShellCommand, and the eval \`e\` has no scenario`],
    ],
    [
      'an entrypoint that is not there',
      agent('entrypoint_file: mian.py\n'),
      [`${yaml('4:18')} \`entrypoint_file\`: found "mian.py", which is not in the source; accepted: a file of it`],
    ],
    [
      'a pasted file that is too large',
      agent('source: {file: big.py}\n', { 'agents/a/big.py': 'x'.repeat(200_001) }),
      [`${yaml('4:16')} \`source.file\`: found 200001 bytes in "big.py"; accepted: at most 200000`],
    ],
    [
      'files that are too large together',
      agent(
        'source: {files: [main.py, a, b, c, d, e, f]}\n',
        Object.fromEntries([...'abcdef'].map((name) => [`agents/a/${name}`, 'x'.repeat(190_000)])),
      ),
      [`${yaml('4:17')} \`source.files\`: found 1140047 bytes together; accepted: at most 1000000`],
    ],
    [
      'paths of files',
      agent('source: {files: [main.py, ../b/x.py, /etc/passwd, .ssh/id, "a\\\\b", main.py, ./x.py]}\n', { 'agents/a/.ssh/id': 'x' }),
      [
        `${yaml('4:27')} \`source.files.1\`: found "../b/x.py"; accepted: a plain relative path with slashes`,
        `${yaml('4:38')} \`source.files.2\`: found "/etc/passwd"; accepted: a plain relative path with slashes`,
        `${yaml('4:51')} \`source.files.3\`: found ".ssh/id", in a folder that begins with a dot; accepted: another folder`,
        `${yaml('4:60')} \`source.files.4\`: found "a\\\\b"; accepted: a plain relative path with slashes`,
        `${yaml('4:68')} \`source.files.5\`: found "main.py" a second time`,
        `${yaml('4:77')} \`source.files.6\`: found "./x.py"; accepted: a plain relative path with slashes`,
      ],
    ],
    [
      'a repository by SSH',
      agent('source: {git: {url: "git@example.com:x/y"}}\n'),
      [`${yaml('4:21')} \`source.git.url\`: found the SSH form of a URL; accepted: an https URL without a user`],
    ],
    [
      'a password in a URL',
      agent('source: {git: {url: "https://me:pw@example.com/x"}}\n'),
      [`${yaml('4:21')} \`source.git.url\`: found a user name or password in the URL; accepted: an https URL without a user`],
    ],
    [
      'two ways into one repository',
      agent('source: {git: {url: "https://example.com/x", credential: PAT, stored_token: true}}\n'),
      [
        `${yaml('4:77').replace('agent_code_fetch_failed', 'config_invalid')} \`source.git.stored_token\`: found beside \`credential\`; accepted: exactly one of them`,
      ],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await problems(files)).toEqual(expected)
  })

  test.each<[string, string, string]>([
    [
      'files that are not there',
      'scorers: [{name: t, type: tests, files: chekcs}]',
      '6:41 config_invalid `files`: found "chekcs", which is not there; accepted: a folder relative to this file',
    ],
    [
      'files outside',
      'scorers: [{name: t, type: tests, files: ../../../../../../etc}]',
      '6:41 config_invalid `files`: found "../../../../../../etc", which lies outside the repository; accepted: a folder inside it',
    ],
    [
      'a grader that is not in its folder',
      'scorers: [{name: t, type: script, file: g.py, files: checks}]',
      '6:41 config_invalid `file`: found "g.py", which is not there; accepted: a file relative to `files`',
    ],
    [
      'JUnit without results',
      'scorers: [{name: t, type: tests, format: junit, command: x}]',
      '6:42 config_invalid `results`: missing; with `format: junit` it names the XML file',
    ],
    [
      'a size without a limit',
      'scorers: [{name: t, type: diff_size}]',
      '6:27 config_invalid no limit; accepted: max_files, max_added, max_removed, max_lines',
    ],
    [
      'a patch that is not there',
      'scorers: [{name: t, type: test_integrity}]\noracle: {patch: x.patch}',
      '7:17 config_invalid `oracle.patch`: found "x.patch", which is not there; accepted: a file relative to this file',
    ],
  ])('scenario: %s', async (_, text, expected) => {
    const files = {
      ...coding,
      'scenarios/fix/scenario.yaml': scenarioYaml('fix', `workspace: {dir: workspace}\ninstruction: x\n${text}\n`),
    }
    expect(await problems(files, { agents: ['no-op'] })).toEqual([`scenarios/fix/scenario.yaml:${expected}`])
  })

  test('a workspace that is not there, and one that is no archive', async () => {
    const workspace = (text: string) =>
      problems(
        {
          ...coding,
          'scenarios/fix/scenario.yaml': scenarioYaml(
            'fix',
            `workspace: ${text}\ninstruction: x\nscorers: [{name: t, type: test_integrity}]\n`,
          ),
        },
        { agents: ['no-op'] },
      )
    expect(await workspace('{dir: nowhere}')).toEqual([
      'scenarios/fix/scenario.yaml:4:18 config_invalid `workspace.dir`: found "nowhere", which is not there; accepted: a folder relative to this file',
    ])
    expect(await workspace('{git: {url: "ssh://x/y"}}')).toEqual([
      expect.stringMatching(/^scenarios\/fix\/scenario.yaml:4:24 config_invalid `workspace.git.url`/),
    ])
    expect(await workspace('{zip: it.patch}')).toEqual([
      expect.stringMatching(/^scenarios\/fix\/scenario.yaml:4:12 workspace_seed_failed the workspace of `fix`: /),
    ])
  })

  test('a single file is its own entrypoint', async () => {
    const { runs } = await plan(agent('source: {file: src/go.py}\n', { 'agents/a/src/go.py': 'x' }))
    expect(runs[0]?.agent.start).toEqual({ kind: 'PythonFunction', file: 'src/go.py', entrypoint: 'run' })
  })

  test('a file that cannot be read is the only problem, not the names it would have given', async () => {
    const files = {
      ...simple,
      ...coding,
      'agents/a/agent.yaml': agentYaml('a', 'nope: 1\n'),
      'scenarios/fix/scenario.yaml': 'kind: Scenario\nfoo: [\n',
      'agents/a/evals/e.yaml': evalYaml('e', 'scenario: fix\njudge: none\n'),
    }
    expect((await problems(files)).map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
      'agents/a/agent.yaml:4:1 config_invalid',
      'scenarios/fix/scenario.yaml:3:1 config_invalid',
    ])
  })

  test('a warning for a column that looks wired and is not', async () => {
    const { made } = await plan({ ...simple, [csv]: 'user,turn_mode\na,b\n' })
    expect(made.warnings).toEqual([
      'agents/a/evals/e.csv: the column `turn_mode` is only an input; `columns: {turn_mode: turn_mode}` in the eval would wire it',
    ])
  })
})
