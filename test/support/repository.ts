import type { Files } from './pull.ts'
import { agentYaml, evalYaml, scenarioYaml } from './written.ts'

/** A repository with everything that decides about an agent: a configuration, answers, a coding task, data inside and outside of the agent's folder. */
export const repository: Files = {
  'README.md': 'Agents.\n',
  '.github/proctor.yml': `judge_model: openai/judge
gate: {min_pass_rate: 0.9, no_regressions: true}
budget: {cost_usd: 5}
prices: {openai/judge: {input: 1, output: 2}}
comment: changes
grants:
  - {agent: talk, credentials: {TICKETS: {hosts: [tickets.example.com]}}, network: {allow: [docs.example.com]}, budget: {cost_usd: 2}, resources: {memory: 4g}}
  - {agent: fixer, network: gateway}
`,
  'agents/talk/agent.yaml': agentYaml(
    'talk',
    'budget: {cost_usd: 1}\noutput_schema: {type: object, required: [answer]}\nenvironment: {env: {LEVEL: info}}\n',
  ),
  'agents/talk/main.py': 'def run(task_input, *, proxy_url, run_token): return "{}"\n',
  'agents/talk/lib/words.py': 'hello = 1\n',
  'agents/talk/data/rows.csv': 'id,user,expected\nr1,Say hello,hello\n',
  'agents/talk/evals/answers.yaml': evalYaml(
    'answers',
    'dataset: answers.csv\njudge: {rubric: rubric.md, samples: 3}\nscorers: [{name: right, type: response, exact: {column: expected}}, {name: shape, type: output_schema}]\n',
  ),
  'agents/talk/evals/answers.csv': 'id,user,expected\na1,What is 1+1?,2\na2,What is 2+2?,4\n',
  'agents/talk/evals/rubric.md': 'It is polite.\n',
  'agents/talk/evals/rows.yaml': evalYaml(
    'rows',
    'dataset: ../data/rows.csv\njudge: none\nscorers: [{name: right, type: response, contains: hello}]\n',
  ),
  'agents/fixer/agent.yaml': 'apiVersion: proctor/v1\nkind: ShellCommand\nname: fixer\nrun_command: ./fix.sh\n',
  'agents/fixer/fix.sh': 'true\n',
  'evals/coding.yaml': evalYaml('coding', 'agent: fixer\nscenario: parser\njudge: none\ngate: {min_pass_rate: 1}\nepochs: 2\n'),
  'scenarios/parser/scenario.yaml': scenarioYaml(
    'parser',
    'instruction: Fix it\nworkspace: {dir: workspace}\neditable: ["src/**"]\nprotected: ["tests/**"]\noracle: {patch: it.patch}\nscorers: [{name: tests, type: script, file: grade.py, files: checks}]\n',
  ),
  'scenarios/parser/workspace/src/a.py': 'x = 1\n',
  'scenarios/parser/workspace/tests/test_a.py': 'def test(): assert False\n',
  'scenarios/parser/checks/grade.py': 'raise SystemExit(1)\n',
  'scenarios/parser/it.patch': 'diff\n',
}
