import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { PythonFunctionFile, ShellCommandFile } from '../../../../runner/domain/agent.ts'
import { EvalFile } from '../../../../runner/domain/eval.ts'
import { ScenarioFile } from '../../../../runner/domain/scenario.ts'
import { isProblems, parseYaml } from '../../../../runner/plan/read/parse-yaml.ts'

/** `line:column message` of each problem; none when the file is right. */
function problems(text: string, schema: z.ZodType): string[] {
  const result = parseYaml({ text, file: 'f.yaml', schema })
  return isProblems(result) ? result.map(({ place, message }) => `${place?.line}:${place?.column ?? '-'} ${message}`) : []
}
const agent = (text: string) => problems(`apiVersion: proctor/v1\nkind: PythonFunction\nname: a\n${text}`, PythonFunctionFile)
const evaluation = (text: string) => problems(`apiVersion: proctor/v1\nkind: Eval\nname: e\n${text}`, EvalFile)
const scenario = (text: string) => problems(`apiVersion: proctor/v1\nkind: Scenario\nname: s\n${text}`, ScenarioFile)

describe('a problem names line, column, what was found and what is accepted', () => {
  test.each([
    ['run_timeout: 3', '4:1 `run_timeout`: unknown key; did you mean `run_timeout_s`?'],
    ['run_timeout_s: 5000', '4:16 `run_timeout_s`: found 5000 (a number); accepted: at most 1800'],
    ['run_timeout_s: "60"', '4:16 `run_timeout_s`: found "60"; accepted: a whole number'],
    ['run_timeout_s: 1.5', '4:16 `run_timeout_s`: found 1.5 (a number); accepted: a whole number'],
    ['draft: yes', '4:8 `draft`: found "yes"; accepted: true or false'],
    ['description: 3', '4:14 `description`: found 3 (a number); accepted: text. Put it in quotes'],
    ['description:', '4:13 `description`: found nothing; accepted: text'],
    [
      'environment:\n  python_version: 3.10',
      '5:19 `environment.python_version`: found 3.10 (a number); accepted: "3.9", "3.10", "3.11", "3.12", "3.13". Put it in quotes',
    ],
    ['environment: {netwrk: none}', '4:15 `environment.netwrk`: unknown key; did you mean `network`?'],
    [
      'environment: {network: gatewy}',
      '4:24 `environment.network`: found "gatewy"; accepted: "none", "gateway", "open", {allow}; did you mean `gateway`?',
    ],
    ['environment: {network: {allow: []}}', '4:32 `environment.network.allow`: found a list of 0; accepted: at least 1 entries'],
    [
      'environment: {env: {a-b: x}}',
      '4:21 `environment.env.a-b`: found the key "a-b"; accepted: text that matches /^[A-Za-z_][A-Za-z0-9_]*$/',
    ],
    ['environment: {env: {A: 3}}', '4:24 `environment.env.A`: found 3 (a number); accepted: text, {credential}'],
    [
      'environment: {requirements: [httpx, -r x.txt]}',
      '4:37 `environment.requirements[1]`: found "-r x.txt"; accepted: a requirement, not an option',
    ],
    [
      'environment: {system_packages: ["jq; rm -rf /"]}',
      '4:33 `environment.system_packages[0]`: found "jq; rm -rf /"; accepted: a Debian package name',
    ],
    ['environment: {resources: {memory: lots}}', '4:35 `environment.resources.memory`: found "lots"; accepted: a size such as 512m or 2g'],
    ['entrypoint: main.run', '4:13 `entrypoint`: found "main.run"; accepted: the name of a top-level callable; dotted paths are rejected'],
    ['entrypoint_file: main.sh', '4:18 `entrypoint_file`: found "main.sh"; accepted: a .py file'],
    ['source: {gti: {url: x}}', '4:9 `source`: found {gti}; accepted: ".", {file}, {files}, {zip}, {git}; did you mean `git`?'],
    ['source: 3', '4:9 `source`: found 3 (a number); accepted: ".", {file}, {files}, {zip}, {git}'],
    ['budget: {cost_usd: -1}', '4:20 `budget.cost_usd`: found -1 (a number); accepted: at least 0 (exclusive)'],
    ['tools: [a]', '4:8 `tools`: found a list of 1; accepted: text'],
  ])('agent.yaml: %s', (text, expected) => {
    expect(agent(text)).toEqual([expected])
  })

  test.each([
    [
      'scorers: [{name: x, type: test}]',
      '4:27 `scorers[0].type`: found "test"; accepted: "command", "tests", "script", "allowed_paths", "forbid_paths", "diff_size", "test_integrity", "response", "output_schema"; did you mean `tests`?',
    ],
    [
      'scorers: [{name: x}]',
      '4:11 `scorers[0].type`: missing; accepted: "command", "tests", "script", "allowed_paths", "forbid_paths", "diff_size", "test_integrity", "response", "output_schema"',
    ],
    [
      'scorers: [{name: x, type: command, comand: y}]',
      '4:11 `scorers[0].command`: missing; accepted: text\n4:36 `scorers[0].comand`: unknown key; did you mean `command`?',
    ],
    ['scorers: {name: x}', '4:10 `scorers`: found {name}; accepted: a list'],
    ['columns: {scenario_reff: x}', '4:11 `columns.scenario_reff`: unknown key; did you mean `scenario_ref`?'],
    ['judge: nonee', '4:8 `judge`: found "nonee"; accepted: "none", {model?, rubric, samples?}; did you mean `none`?'],
    ['judge: {model: gpt-5, rubric: r.md}', '4:16 `judge.model`: found "gpt-5"; accepted: provider/model, such as openai/gpt-5-mini'],
    ['judge: {model: openai/x}', '4:1 `judge.rubric`: missing; accepted: text'],
    ['gate: {min_pass_rate: 90}', '4:23 `gate.min_pass_rate`: found 90 (a number); accepted: at most 1'],
    [
      'scenario: {workspace: emty}',
      '4:23 `scenario.workspace`: found "emty"; accepted: "empty", {git}, {zip}, {dir}, {package}; did you mean `empty`?',
    ],
    ['scenario: Fix It', '4:11 `scenario`: found "Fix It"; accepted: a slug: lower-case letters, digits and single hyphens'],
    ['epochs: 0', '4:9 `epochs`: found 0 (a number); accepted: at least 1'],
  ])('eval: %s', (text, expected) => {
    expect(evaluation(text)).toEqual(expected.split('\n'))
  })

  test.each([
    [
      'workspace: {gitt: {url: x}}',
      '4:12 `workspace`: found {gitt}; accepted: "empty", {git}, {zip}, {dir}, {package}; did you mean `git`?',
    ],
    [
      'workspace: {git: {ulr: x}}',
      '4:13 `workspace.git.url`: missing; accepted: text\n4:19 `workspace.git.ulr`: unknown key; did you mean `url`?',
    ],
    ['description: x', '1:1 `workspace`: missing; accepted: "empty", {git}, {zip}, {dir}, {package}'],
    [
      'workspace: empty\nsetup: {mode: plattform, command: x}',
      '5:15 `setup.mode`: found "plattform"; accepted: "platform", "agent"; did you mean `platform`?',
    ],
    [
      'workspace: empty\nsetup: {mode: agent, command: x}',
      '5:1 `setup.instructions`: missing; accepted: text\n5:22 `setup.command`: unknown key; known: mode, instructions',
    ],
    ['workspace: empty\neditable: []', '5:11 `editable`: found a list of 0; accepted: at least 1 entries'],
    [
      'workspace: empty\nenvironment:\ngrading: live',
      '5:13 `environment`: found nothing; accepted: {python_version?, requirements?, system_packages?, setup_command?, dockerfile?, env?, network?, resources?, sudo?}',
    ],
  ])('scenario: %s', (text, expected) => {
    expect(scenario(text)).toEqual(expected.split('\n'))
  })

  test('all of a file at once, from the top', () => {
    const found = problems('apiVersion: proctor/v2\nkind: ShellCommand\nname: A B\nrun_command: [x]\nfoo: 1\n', ShellCommandFile)
    expect(found.map((problem) => problem.split(' ')[0])).toEqual(['1:13', '3:7', '4:14', '5:1'])
  })

  test('an alias is shown where it is used', () => {
    expect(agent('description: &d x\nrun_timeout_s: *d')).toEqual(['5:16 `run_timeout_s`: found "x"; accepted: a whole number'])
  })
})

describe('syntax', () => {
  const anything = EvalFile
  test.each([
    ['a tab', 'a:\n\tb: 2\n', '2:1 found a tab as indentation; accepted: spaces'],
    ['a repeated key', 'a: 1\nb: 2\na: 3\n', '3:1 found `a` twice; the first is on line 1'],
    ['a repeated key inside', 'x:\n  - {a: 1, a: 2}\n', '2:12 found `a` twice; the first is on line 2'],
    ['a second document', 'a: 1\n---\nb: 2\n', '2:1 found a second YAML document (`---`); accepted: one document a file'],
    ['nothing', '', '1:- found nothing; accepted: a YAML mapping'],
    ['only comments', '# x\n', '1:- found nothing; accepted: a YAML mapping'],
    ['a key that is a list', '? [a]\n: 1\n', '1:3 found a key that is not text; accepted: a name'],
    ['a key that is null', '? \n: 1\n', '1:3 found a key that is not text; accepted: a name'],
    ['a foreign tag', 'a: !!python/object:os.system x\n', '1:4 YAML: Unresolved tag: tag:yaml.org,2002:python/object:os.system'],
    ['an alias of nothing', 'a: *x\n', '1:4 found `*x`, whose anchor `&x` is not above it'],
    ['an alias in its own anchor', 'a: &x [1, *x]\n', '1:11 found `*x` inside its own anchor; accepted: an alias of something else'],
    ['an unclosed quote', 'a: "x\n', '2:1 YAML: Missing closing "quote'],
    ['a reserved character', 'a: @x\n', '1:4 YAML: Plain value cannot start with reserved character @'],
    ['a value that goes on as a mapping', 'a: b: c\n', '1:4 YAML: Nested mappings are not allowed in compact mappings'],
  ])('%s', (_, text, expected) => {
    expect(problems(text, anything)).toEqual([expected])
  })

  test('text where a mapping belongs', () => {
    expect(problems('just text', anything)[0]).toMatch(/^1:1 found "just text"; accepted: \{apiVersion, kind, name/)
    expect(problems('[]', anything)[0]).toMatch(/^1:1 found a list of 0; accepted: \{/)
  })

  test('Windows line ends and a directive change no place', () => {
    expect(problems('%YAML 1.2\r\n---\r\napiVersion: proctor/v1\r\nkind: Eval\r\nname: e\r\nepochs: 0\r\n', anything)).toEqual([
      '6:9 `epochs`: found 0 (a number); accepted: at least 1',
    ])
  })

  test('__proto__ is a key like any other', () => {
    expect(evaluation('__proto__: {polluted: true}')[0]).toMatch(/^4:1 `__proto__`: unknown key/)
    expect(Object.keys({})).toEqual([])
    expect('polluted' in {}).toBe(false)
  })
})

describe('hostile', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'.split('').map((key, index) => `${key}: &${key} [${`*${'abcdefgh'[index]},`.repeat(9)}x]`),
  ]
  test.each([
    ['an alias bomb', bomb.join('\n'), /aliases/],
    ['100,000 open brackets', '['.repeat(100_000), /too deep|YAML/],
    ['deep mappings', '{a: '.repeat(20_000), /too deep|YAML/],
    ['deep lists', `${'- '.repeat(50_000)}x`, /too deep|YAML/],
    [
      'closed brackets, 200 deep',
      `a: ${'['.repeat(200)}${']'.repeat(200)}`,
      /^1:\d+ found nesting that is too deep; accepted: at most 64 levels$/,
    ],
    [
      '100,000 entries of a wrong type',
      `apiVersion: proctor/v1\nkind: Eval\nname: e\nscorers:\n${'  - x\n'.repeat(20_000)}`,
      /scorers\[0\]/,
    ],
  ])('%s ends soon, in few words', (_, text, expected) => {
    const start = performance.now()
    const found = problems(text, EvalFile)
    expect(found[0]).toMatch(expected)
    expect(found.length).toBeLessThanOrEqual(51)
    expect(performance.now() - start).toBeLessThan(10_000)
  })

  test('20,000 keys take no time of their own', () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n')
    const start = performance.now()
    expect(problems(text, EvalFile)).toHaveLength(51)
    expect(performance.now() - start).toBeLessThan(5000)
  })

  test('what was found is cut', () => {
    expect(agent(`entrypoint: "${'x.'.repeat(5000)}"`)[0]?.length).toBeLessThan(250)
  })
})

test('a right file gives its value with defaults, what was written, and places', () => {
  const parsed = parseYaml({
    text: 'apiVersion: proctor/v1\nkind: Eval\nname: e\ngate:\n  min_pass_rate: 0.9\n',
    file: 'e.yaml',
    schema: EvalFile,
  })
  if (isProblems(parsed)) throw parsed[0]
  expect(parsed.value.gate).toEqual({ min_pass_rate: 0.9, no_regressions: false })
  expect(parsed.written).toMatchObject({ gate: { min_pass_rate: 0.9 } })
  expect(parsed.at(['gate', 'min_pass_rate'])).toEqual({ file: 'e.yaml', line: 5, column: 18 })
  expect(parsed.at(['gate', 'nothing'])).toEqual({ file: 'e.yaml', line: 4, column: 1 })
  expect(parsed.inText(['name'], 0)).toEqual({ file: 'e.yaml', line: 3, column: 7 })
  expect(parsed.inText(['gate'], 3)).toEqual(parsed.at(['gate']))
})
