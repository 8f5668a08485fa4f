import { describe, expect, test } from 'vitest'
import { validatePackage } from '../../../runner/plan/validate-package.ts'
import { agentYaml, evalYaml, polite, problemsOf, scenarioYaml, written } from '../../support/written.ts'

const main = 'def run(t, *, proxy_url, run_token): return ""\n'

describe('validating', () => {
  test('counts what it looked at', async () => {
    await using tree = await written({
      'agents/a/agent.yaml': agentYaml('a'),
      'agents/a/main.py': main,
      'agents/a/evals/e.yaml': evalYaml('e', `dataset: e.csv\njudge: none\n${polite}`),
      'agents/a/evals/e.csv': 'user\na\nb\n',
      'agents/b/agent.yaml': agentYaml('b', 'draft: true\n'),
      'agents/b/main.py': main,
      'scenarios/s.yaml': scenarioYaml('s'),
    })
    expect(await validatePackage(tree.root)).toEqual({ agents: 2, evals: 1, scenarios: 1, samples: 2, warnings: [] })
  })

  test('an agent alone is valid, and so is a folder of scenarios', async () => {
    await using tree = await written({ 'agents/a/agent.yaml': agentYaml('a'), 'agents/a/main.py': main })
    expect(await validatePackage(tree.root)).toMatchObject({ agents: 1, evals: 0 })
    await using scenarios = await written({
      'x/s.yaml': scenarioYaml('s', 'workspace: empty\ninstruction: x\nscorers: [{name: c, type: command, command: x}]\n'),
    })
    expect(await validatePackage(scenarios.at('x'))).toMatchObject({ scenarios: 1, samples: 1 })
  })

  test('drafts, agents without evals and scenarios of nobody are looked at too, and all problems come together', async () => {
    await using tree = await written({
      'agents/a/agent.yaml': agentYaml('a', 'draft: true\nentrypoint_file: x.py\n'),
      'agents/b/agent.yaml': agentYaml('b'),
      'agents/b/main.py': main,
      'agents/b/evals/e.yaml': evalYaml('e', `dataset: e.csv\n${polite}`),
      'agents/b/evals/e.csv': 'prompt\na\n',
      'scenarios/s.yaml': scenarioYaml('s', 'workspace: {dir: gone}\ninstruction: x\nscorers: [{name: c, type: tests, files: gone}]\n'),
    })
    expect(await problemsOf(() => validatePackage(tree.root))).toEqual([
      'agents/b/evals/e.csv:1 dataset_invalid the column `user` is missing; found `prompt`; did you mean `user`?',
      'agents/b/evals/e.yaml:1:1 agent_model_unresolved the eval `e` has no judge model: not in it, not as `judge_model` in .github/proctor.yml, not as --judge',
      'scenarios/s.yaml:4:18 config_invalid `workspace.dir`: found "gone", which is not there; accepted: a folder relative to this file',
      'scenarios/s.yaml:6:41 config_invalid `files`: found "gone", which is not there; accepted: a folder relative to this file',
      'agents/a/agent.yaml:5:18 agent_code_fetch_failed `entrypoint_file`: found "x.py", which is not in the source; accepted: a file of it',
    ])
  })

  test('the model that the environment names counts', async () => {
    await using tree = await written({
      'agent.yaml': agentYaml('a'),
      'main.py': main,
      'evals/e.yaml': evalYaml('e', 'dataset: e.csv\n'),
      'evals/e.csv': 'user\na\n',
    })
    expect(await validatePackage(tree.root, { fallback: 'openai/x' })).toMatchObject({ samples: 1 })
  })
})
