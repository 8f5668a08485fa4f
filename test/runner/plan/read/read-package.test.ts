// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles write their variables so
import { dirname, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPackage } from '../../../../runner/plan/read/read-package.ts'
import { agentYaml, evalYaml, scenarioYaml, shown, written } from '../../../support/written.ts'

const repository = {
  'agents/triage/agent.yaml': agentYaml('triage'),
  'agents/triage/evals/refunds.yaml': evalYaml('refunds'),
  'agents/triage/evals/notes.md': 'not YAML',
  'agents/billing/agent.yaml': agentYaml('billing'),
  'agents/billing/evals/bills.yml': evalYaml('bills'),
  'agents/README.md': 'x',
  'evals/shared.yaml': evalYaml('shared', 'agent: triage\n'),
  'scenarios/fix.yaml': scenarioYaml('fix'),
  'scenarios/build/scenario.yaml': scenarioYaml('build'),
  'scenarios/data/eval.yaml': evalYaml('data'),
  'scenarios/all.yaml': evalYaml('all'),
  '.github/proctor.yml': 'judge_model: openai/gpt-5-mini\n',
}
const everything = {
  agents: ['billing', 'triage'],
  evals: ['all', 'bills', 'data', 'refunds', 'shared'],
  scenarios: ['build', 'fix'],
  config: true,
}

function names(path: string) {
  const { agents, evals, scenarios, config, problems } = readPackage(path)
  expect(problems.map(shown)).toEqual([])
  const of = (files: readonly { value: { name: string } }[]) => files.map(({ value }) => value.name).sort()
  return { agents: of(agents), evals: of(evals), scenarios: of(scenarios), config: config !== undefined }
}

describe('what a path stands for', () => {
  test.each([
    ['.', everything],
    ['agents', { ...everything, evals: ['bills', 'refunds'] }],
    ['agents/triage', { ...everything, agents: ['triage'], evals: ['refunds'] }],
    ['agents/triage/agent.yaml', { ...everything, agents: ['triage'], evals: ['refunds'] }],
    ['agents/triage/evals', { ...everything, agents: ['triage'], evals: ['refunds'] }],
    ['agents/triage/evals/refunds.yaml', { ...everything, agents: ['triage'], evals: ['refunds'] }],
    ['evals/shared.yaml', { ...everything, evals: ['shared'] }],
    ['scenarios', { ...everything, evals: ['all', 'data'] }],
    ['scenarios/build', { ...everything, evals: [] }],
    ['scenarios/data', { ...everything, evals: ['data'] }],
    ['scenarios/all.yaml', { ...everything, evals: ['all'] }],
    ['scenarios/fix.yaml', { ...everything, evals: [] }],
  ])('%s', async (path, expected) => {
    await using tree = await written(repository)
    expect(names(tree.at(path))).toEqual(expected)
    expect(readPackage(tree.at(path)).root).toBe(tree.root)
  })

  test('one package at the root of its repository', async () => {
    await using tree = await written({ 'agent.yaml': agentYaml('only'), 'evals/e.yaml': evalYaml('e'), 'src/agent.yaml': 'not ours: [' })
    expect(names(tree.root)).toMatchObject({ agents: ['only'], evals: ['e'] })
  })

  test('a folder of scenarios under any name, and other YAML beside them', async () => {
    await using tree = await written({
      'tasks/a/scenario.yaml': scenarioYaml('a'),
      'tasks/b.yaml': scenarioYaml('b'),
      'tasks/e.yaml': evalYaml('e', 'scenario: a\n'),
      'tasks/docker-compose.yaml': 'services: {}\n',
    })
    expect(names(tree.at('tasks'))).toMatchObject({ scenarios: ['a', 'b'], evals: ['e'] })
  })

  test('a repository that itself lies in a folder called agents', async () => {
    await using tree = await written({
      'agents/mine/.git/HEAD': 'x',
      'agents/mine/agent.yaml': agentYaml('mine'),
      'agents/mine/evals/e.yaml': evalYaml('e'),
    })
    expect(readPackage(tree.at('agents/mine')).root).toBe(tree.at('agents/mine'))
  })

  test.each([['nowhere'], ['empty']])('%s holds nothing', async (path) => {
    await using tree = await written({ 'empty/x.txt': '' })
    expect(() => readPackage(tree.at(path))).toThrow(expect.objectContaining({ code: 'package_not_found' }))
  })

  test('files are named from the root, with slashes', async () => {
    await using tree = await written(repository)
    expect(readPackage(tree.at('agents/triage')).evals[0]?.file).toBe('agents/triage/evals/refunds.yaml')
  })
})

describe('problems of all files come in one go', () => {
  test.each<[string, Parameters<typeof written>[0], string[]]>([
    [
      'broken files',
      { 'agents/a/agent.yaml': 'a: [', 'agents/b/agent.yaml': agentYaml('b', 'foo: 1\n'), 'scenarios/c.yaml': 'kind: Scenaro\n' },
      [
        'agents/a/agent.yaml:1:5 config_invalid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
        'agents/b/agent.yaml:4:1 config_invalid `foo`: unknown key; known: apiVersion, name, description, draft, source, run_timeout_s, concurrency_cap, environment, budget, models, tools, input_schema, output_schema, kind, entrypoint, entrypoint_file',
        'scenarios/c.yaml:1:7 config_invalid `kind`: found "Scenaro"; accepted: "Eval", "Scenario"; did you mean `Scenario`?',
      ],
    ],
    [
      'kinds of later releases',
      {
        'agents/a/agent.yaml': 'apiVersion: eidolon/v1\nkind: Agent\nmetadata: {name: HelloWorld}\nspec: {implementation: x}\n',
        'agents/b/agent.yaml': 'kind: GenericAgent\n',
        'agents/c/agent.yaml': 'kind: PythonFuction\n',
        'agents/d/agent.yaml': 'name: d\n',
      },
      [
        'agents/a/agent.yaml:2:7 agent_kind_unsupported `kind`: found "Agent"; this release runs PythonFunction and ShellCommand',
        'agents/b/agent.yaml:1:7 agent_kind_unsupported `kind`: found "GenericAgent"; this release runs PythonFunction and ShellCommand',
        'agents/c/agent.yaml:1:7 config_invalid `kind`: found "PythonFuction"; accepted: "PythonFunction", "ShellCommand"; did you mean `PythonFunction`?',
        'agents/d/agent.yaml:1:1 config_invalid `kind`: missing; accepted: "PythonFunction", "ShellCommand"',
      ],
    ],
    [
      'secrets in files: how to store one instead, and never what was written',
      {
        'agents/a/agent.yaml': agentYaml('a', 'source: {git: {url: "https://example.com/x", token: hunter2}}\n'),
        'scenarios/b.yaml': scenarioYaml('b', 'workspace: {git: {url: "https://example.com/x", password: hunter2}}\n'),
      },
      [
        'agents/a/agent.yaml:4:46 config_invalid `source.git.token`: unknown key. A secret is never written into a file: `proctor credentials set --git URL` stores it, and `stored_token: true` uses it; or name a `credential`',
        'scenarios/b.yaml:4:49 config_invalid `workspace.git.password`: unknown key. A secret is never written into a file: `proctor credentials set NAME` stores it, and `credential: NAME` uses it',
      ],
    ],
    [
      'parts of the format that this release lacks',
      {
        'agents/a/agent.yaml': agentYaml('a', 'tools: tools.json\n'),
        'agents/b/evals/e.yaml': evalYaml(
          'e',
          'columns: {turn_mode: mode, scenario_ref: s}\nscenario: {workspace: empty, environment: {env: {K: {credential: K}}}}\n',
        ),
      },
      [
        'agents/a/agent.yaml:4:8 feature_unsupported `tools`: a list of tools is part of the format, but not of this release',
        'agents/b/evals/e.yaml:4:22 feature_unsupported `columns.turn_mode`: the axis `turn_mode` is part of the format, but not of this release',
        'agents/b/evals/e.yaml:5:53 feature_unsupported `scenario.environment.env.K`: a credential for an exercise is part of the format, but not of this release',
      ],
    ],
    [
      'what Dockerfile bodies may not hold, beside everything else, wherever they stand',
      {
        'agents/a/agent.yaml': agentYaml('a', 'entrypoint: a.b\nenvironment: {dockerfile: "RUN true"}\n'),
        'agents/b/agent.yaml': agentYaml(
          'b',
          'environment:\n  dockerfile: |\n\n    RUN true \\\n      && true\n      COPY . /app\n    ENV A=1 B=${\n',
        ),
        'agents/c/agent.yaml': agentYaml('c', 'environment: {dockerfile: "USER root"}\n'),
        'agents/d/agent.yaml': agentYaml('d', `environment: {dockerfile: 'RUN'}\n`),
        'agents/e/agent.yaml': agentYaml('e', 'environment:\n  dockerfile: CMD true\n'),
        'agents/f/agent.yaml': agentYaml('f', 'environment:\n  dockerfile: >2\n    RUN true\n\n    CMD true\n'),
        'agents/g/agent.yaml': agentYaml('g', 'environment:\n  dockerfile: "RUN true\\nCMD true"\n'),
        'agents/h/agent.yaml': agentYaml('h', 'environment:\r\n  dockerfile: |\r\n    RUN true\r\n    CMD true\r\n'),
        'agents/a/evals/e.yaml': evalYaml('e', 'scenario: {workspace: empty, environment: {dockerfile: ADD x /}}\n'),
        'scenarios/s.yaml': scenarioYaml('s', 'workspace: empty\nenvironment:\n  dockerfile: |-\n    ARG X'),
      },
      [
        'agents/a/agent.yaml:4:13 config_invalid `entrypoint`: found "a.b"; accepted: the name of a top-level callable; dotted paths are rejected',
        'agents/a/evals/e.yaml:4:56 config_invalid `scenario.environment.dockerfile`: found `ADD`: there is no build context to add from; accepted: RUN, ENV and WORKDIR',
        'agents/b/agent.yaml:9:7 config_invalid `environment.dockerfile`: found `COPY`: there is no build context to copy from; accepted: RUN, ENV and WORKDIR',
        'agents/b/agent.yaml:10:15 config_invalid `environment.dockerfile`: found a `${` without a name',
        'agents/c/agent.yaml:4:28 config_invalid `environment.dockerfile`: found `USER`: everything runs as `user`, who may use sudo; accepted: RUN, ENV and WORKDIR',
        'agents/d/agent.yaml:4:28 config_invalid `environment.dockerfile`: found `RUN` without a command',
        'agents/e/agent.yaml:5:15 config_invalid `environment.dockerfile`: found `CMD`: what runs is said by the agent; accepted: RUN, ENV and WORKDIR',
        'agents/f/agent.yaml:5:15 config_invalid `environment.dockerfile`: found `CMD`: what runs is said by the agent; accepted: RUN, ENV and WORKDIR',
        'agents/g/agent.yaml:5:15 config_invalid `environment.dockerfile`: found `CMD`: what runs is said by the agent; accepted: RUN, ENV and WORKDIR',
        'agents/h/agent.yaml:7:5 config_invalid `environment.dockerfile`: found `CMD`: what runs is said by the agent; accepted: RUN, ENV and WORKDIR',
        'scenarios/s.yaml:7:5 config_invalid `environment.dockerfile`: found `ARG`: there is nobody to give it a value; ENV sets one; accepted: RUN, ENV and WORKDIR',
      ],
    ],
    [
      'names that are taken',
      {
        'agents/a/agent.yaml': agentYaml('a'),
        'agents/b/agent.yaml': agentYaml('a'),
        'agents/c/agent.yaml': agentYaml('oracle'),
        'scenarios/s.yaml': scenarioYaml('s'),
        'scenarios/t.yaml': scenarioYaml('s'),
      },
      [
        'agents/c/agent.yaml:3:7 config_invalid `name`: found "oracle", which is the name of a built-in agent; accepted: another name',
        'agents/b/agent.yaml:3:7 config_invalid `name`: found "a", which agents/a/agent.yaml:3 has too; accepted: a name of its own',
        'scenarios/t.yaml:3:7 scenario_conflict `name`: found "s", which scenarios/s.yaml:3 has too; accepted: a name of its own',
      ],
    ],
    [
      'encodings and sizes',
      {
        'agents/a/agent.yaml': Buffer.from('name: caf\xe9\nkind: \xff\n', 'latin1'),
        'agents/b/agent.yaml': Buffer.from('\ufeffkind: x', 'utf16le'),
        'agents/c/agent.yaml': `kind: PythonFunction\ndescription: ${'x'.repeat(10_000_000)}\n`,
        'agents/d/agent.yaml': 'kind: PythonFunction\nname: "a\0b"\n',
        'agents/e/agent.yaml/x': 'a folder',
      },
      [
        'agents/a/agent.yaml:1 config_invalid found bytes that are not UTF-8; accepted: UTF-8 text',
        'agents/b/agent.yaml:1 config_invalid found UTF-16; accepted: UTF-8. Save the file as UTF-8',
        'agents/c/agent.yaml:1 config_invalid found 10000035 bytes; accepted: at most 1048576',
        'agents/d/agent.yaml:2 config_invalid found a NUL character; accepted: text',
        'agents/e/agent.yaml:1 config_invalid found something that is not a file',
      ],
    ],
    [
      'an unknown key of the configuration',
      { 'agents/a/agent.yaml': agentYaml('a'), '.github/proctor.yml': 'judge_modle: x\n' },
      ['.github/proctor.yml:1:1 config_invalid `judge_modle`: unknown key; did you mean `judge_model`?'],
    ],
  ])('%s', async (_, files, expected) => {
    await using tree = await written(files)
    expect(readPackage(tree.root).problems.map(shown).sort()).toEqual(expected.toSorted())
  })

  test('a byte order mark and Windows line ends change nothing', async () => {
    await using tree = await written({ 'agent.yaml': `\ufeff${agentYaml('a', 'draft: 3\n').replaceAll('\n', '\r\n')}` })
    expect(readPackage(tree.root).problems.map(shown)).toEqual([
      'agent.yaml:4:8 config_invalid `draft`: found 3 (a number); accepted: true or false',
    ])
  })
})

describe('links', () => {
  test('one that leads out of the repository is refused, as a file and as a folder', async () => {
    await using outside = await written({ 'agent.yaml': agentYaml('stolen'), 'evals/e.yaml': evalYaml('e') })
    await using tree = await written({
      '.git/HEAD': 'x',
      'agents/a/agent.yaml': { link: outside.at('agent.yaml') },
      'agents/b': { link: outside.root },
      'agents/c/agent.yaml': { link: 'agent.yaml' },
      'agents/d/agent.yaml': agentYaml('d'),
    })
    const { agents, evals, problems } = readPackage(tree.root)
    expect(agents.map(({ value }) => value.name)).toEqual(['d'])
    expect(evals).toEqual([])
    expect(problems.map(shown).sort()).toEqual([
      'agents/a/agent.yaml:1 config_invalid is a link that leads out of the repository',
      'agents/b/agent.yaml:1 config_invalid is a link that leads out of the repository',
      'agents/b/evals/e.yaml:1 config_invalid is a link that leads out of the repository',
      'agents/c/agent.yaml:1 config_invalid is a link that leads nowhere',
    ])
  })

  test('one that stays inside is followed', async () => {
    await using tree = await written({ '.git/HEAD': 'x', 'shared/agent.yaml': agentYaml('a'), 'agents/a': { link: '../shared' } })
    expect(readPackage(tree.root).agents.map(({ file }) => file)).toEqual(['agents/a/agent.yaml'])
  })

  test('so is one on the way to the repository', async () => {
    await using tree = await written(repository)
    await using other = await written({ here: { link: tree.root } })
    expect(relative(dirname(tree.root), readPackage(other.at('here/agents/triage')).root)).toBe(relative(dirname(tree.root), tree.root))
  })
})
