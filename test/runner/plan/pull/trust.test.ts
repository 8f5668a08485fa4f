import { describe, expect, test } from 'vitest'
import type { Plan } from '../../../../runner/domain/plan.ts'
import { batchesOf, type Change, changed, type Files, pullPlan } from '../../../support/pull.ts'
import { repository } from '../../../support/repository.ts'
import { agentYaml, evalYaml, problemsOf, scenarioYaml } from '../../../support/written.ts'

const yaml = (path: string) => String(repository[path])
const config = yaml('.github/proctor.yml')
const answers = yaml('agents/talk/evals/answers.yaml')
const rows = yaml('agents/talk/evals/rows.yaml')
const scenario = yaml('scenarios/parser/scenario.yaml')
const talk = yaml('agents/talk/agent.yaml')

/** Everything of a plan that decides: all of it but what it is called, and what readers are told. */
function deciding({ id: _id, trigger: _trigger, warnings: _warnings, batches, ...rest }: Plan) {
  return { ...rest, batches: batches.filter(({ proposed }) => !proposed) }
}

/** How runs are judged, whoever the agent is. */
function grading({ batches, budget, prices, publishing }: Plan) {
  const own = batches.filter(({ proposed }) => !proposed)
  return {
    budget,
    prices,
    publishing,
    batches: own.map(({ eval: name, gate, base, runs }) => ({
      eval: name,
      gate,
      base: base?.samples,
      runs: runs
        .filter(({ side }) => side === 'head')
        .map(({ sample, judge, epoch, agent }) => ({ sample, judge, epoch, outputSchema: agent.outputSchema })),
    })),
  }
}

/** The plan of a change that changes nothing. */
const plans = new Map<string, Promise<Plan>>()
function untouched(path = '.'): Promise<Plan> {
  const known = plans.get(path) ?? pullPlan(repository, repository, { path }).then(({ plan }) => plan)
  plans.set(path, known)
  return known
}
const folders = (change: Change) => changed(repository, change)
const without = (prefix: string): Change =>
  Object.fromEntries(
    Object.keys(repository)
      .filter((path) => path.startsWith(prefix))
      .map((path) => [path, undefined]),
  )

describe('what head changes beside its agents decides nothing', () => {
  test.each<[name: string, change: Change]>([
    ['it grants itself more', { '.github/proctor.yml': config.replace('docs.example.com', '"*.com"') }],
    ['it grants itself everything', { '.github/proctor.yml': config.replace(/grants:.*/s, '') }],
    ['it lowers the gate of the repository', { '.github/proctor.yml': config.replace('0.9', '0') }],
    ['it allows regressions', { '.github/proctor.yml': config.replace('no_regressions: true', 'no_regressions: false') }],
    ['it allows itself to spend more', { '.github/proctor.yml': config.replace('cost_usd: 5', 'cost_usd: 5000') }],
    ['it makes models cheap', { '.github/proctor.yml': config.replace('{input: 1, output: 2}', '{input: 0, output: 0}') }],
    ['it takes another judge', { '.github/proctor.yml': config.replace('openai/judge', 'openai/friend') }],
    ['it wants no comment', { '.github/proctor.yml': `${config}comment: never\n`.replace('comment: changes\n', '') }],
    ['it breaks the configuration', { '.github/proctor.yml': 'nope: [\n' }],
    ['it takes the configuration away', { '.github/proctor.yml': undefined }],
    ['it adds a second configuration', { '.github/proctor.yaml': 'gate: {min_pass_rate: 0}\ngrants: []\n' }],
    ['it makes the configuration a link', { '.github/proctor.yml': { link: '../mine.yml' }, 'mine.yml': 'gate: {min_pass_rate: 0}\n' }],
    ['it lowers the gate of an eval', { 'evals/coding.yaml': yaml('evals/coding.yaml').replace('min_pass_rate: 1', 'min_pass_rate: 0') }],
    ['it repeats less', { 'evals/coding.yaml': yaml('evals/coding.yaml').replace('epochs: 2', 'epochs: 1') }],
    ['it takes hard rows away', { 'agents/talk/evals/answers.csv': 'id,user,expected\na1,What is 1+1?,2\n' }],
    ['it expects what it answers', { 'agents/talk/evals/answers.csv': 'id,user,expected\na1,What is 1+1?,2\na2,What is 2+2?,5\n' }],
    ['it asks for less', { 'agents/talk/evals/rubric.md': 'Anything goes.\n' }],
    ['it is judged by nobody', { 'agents/talk/evals/answers.yaml': answers.replace(/judge: .*/, 'judge: none') }],
    ['it is judged once', { 'agents/talk/evals/answers.yaml': answers.replace('samples: 3', 'samples: 1') }],
    ['it requires nothing', { 'agents/talk/evals/answers.yaml': answers.replace('name: right', 'name: right, required: false') }],
    [
      'it takes a scorer away',
      { 'agents/talk/evals/answers.yaml': answers.replace('{name: right, type: response, exact: {column: expected}}, ', '') },
    ],
    ['it gives its eval to another agent', { 'agents/talk/evals/answers.yaml': `${answers}agent: fixer\n` }],
    ['it takes an eval away', { 'agents/talk/evals/answers.yaml': undefined }],
    ['it takes all of its evals away', without('agents/talk/evals/')],
    ['it breaks an eval', { 'agents/talk/evals/answers.yaml': 'kind: Eval\nname: [\n' }],
    ['it adds a broken eval', { 'agents/talk/evals/new.yaml': 'kind: Eval\nnope: 1\n' }],
    ['it adds an eval of a name that is taken', { 'evals/answers.yaml': evalYaml('answers', 'agent: talk\ndataset: no.csv\n') }],
    ['its evals are a file', { ...without('agents/talk/evals/'), 'agents/talk/evals': 'a file\n' }],
    ['its evals are a link', { ...without('agents/talk/evals/'), 'agents/talk/evals': { link: '../../mine' }, 'mine/x.yaml': answers }],
    [
      'its dataset is a link to what it may change',
      { 'agents/talk/evals/answers.csv': { link: '../../../mine.csv' }, 'mine.csv': 'user\nhi\n' },
    ],
    ['its dataset leads out of the repository', { 'agents/talk/evals/answers.csv': { link: '/etc/passwd' } }],
    ['it changes data in its own folder', { 'agents/talk/data/rows.csv': 'id,user,expected\nr1,Say anything,\n' }],
    ['data in its own folder is a folder', { 'agents/talk/data/rows.csv': undefined, 'agents/talk/data/rows.csv/x': 'user\n' }],
    ['it takes that data away', without('agents/talk/data/')],
    ['it edits the grader', { 'scenarios/parser/checks/grade.py': 'raise SystemExit(0)\n' }],
    ['it edits the tests', { 'scenarios/parser/workspace/tests/test_a.py': 'def test(): pass\n' }],
    ['it edits the workspace', { 'scenarios/parser/workspace/src/a.py': 'x = 2\n' }],
    ['it edits the solution', { 'scenarios/parser/it.patch': 'other\n' }],
    ['it may edit more', { 'scenarios/parser/scenario.yaml': scenario.replace('src/**', '**') }],
    ['nothing is protected', { 'scenarios/parser/scenario.yaml': scenario.replace('protected: ["tests/**"]\n', '') }],
    ['it wants to be graded live', { 'scenarios/parser/scenario.yaml': `${scenario}grading: live\n` }],
    ['it breaks a scenario', { 'scenarios/parser/scenario.yaml': 'kind: Scenario\n' }],
    [
      'it adds a scenario of a name that is taken',
      { 'scenarios/easy.yaml': scenarioYaml('parser', 'workspace: empty\ninstruction: Rest\n') },
    ],
    ['it takes all scenarios away', without('scenarios/')],
    ['the scenarios are a link', { ...without('scenarios/'), scenarios: { link: 'mine' }, 'mine/parser.yaml': scenarioYaml('parser') }],
    [
      'it adds an agent with evals',
      {
        'agents/new/agent.yaml': agentYaml('new'),
        'agents/new/main.py': '',
        'agents/new/evals/e.yaml': rows.replace('name: rows', 'name: mine').replace('../data', '../../talk/data'),
      },
    ],
    ['it changes the README', { 'README.md': 'Other.\n' }],
    ['it adds what tools leave behind', { 'agents/talk/__pycache__/x.pyc': 'x', 'agents/talk/.pytest_cache/v': 'x' }],
  ])('%s', async (_, change) => {
    const before = deciding(await untouched())
    for (const proposals of [false, true]) {
      const { plan } = await pullPlan(repository, folders(change), { proposals })
      expect(deciding(plan)).toEqual(before)
      expect(JSON.stringify(deciding(plan)) === JSON.stringify(before)).toBe(true)
    }
  })

  test('and the plan that was made is one with something in it', async () => {
    const plan = await untouched()
    expect(batchesOf(plan)).toEqual(['talk / answers', 'talk / rows', 'fixer / coding'])
    expect(plan).toMatchObject({
      budget: { costUsd: 5 },
      prices: { 'openai/judge': { input: 1, output: 2 } },
      publishing: { comment: 'changes' },
    })
    expect(plan.batches.map(({ gate }) => gate.minPassRate)).toEqual([0.9, 0.9, 1])
    expect(plan.warnings).toEqual([expect.stringContaining('no coding CLI')])
  })
})

describe('an agent that head changes is examined as the base says', () => {
  const moved: Change = {
    'agents/talk/agent.yaml': undefined,
    'agents/talk/main.py': undefined,
    'agents/speech/agent.yaml': talk,
    'agents/speech/main.py': 'x = 1\n',
    'agents/speech/evals/answers.yaml': evalYaml('answers', 'judge: none\ndataset: easy.csv\n'),
    'agents/speech/evals/easy.csv': 'user\nhi\n',
  }
  test.each<[name: string, change: Change, agent?: string]>([
    ['its code', { 'agents/talk/main.py': 'other\n' }],
    ['another file', { 'agents/talk/lib/more.py': 'x\n', 'agents/talk/lib/words.py': undefined }],
    ['its variables', { 'agents/talk/agent.yaml': talk.replace('info', 'debug') }],
    ['its time', { 'agents/talk/agent.yaml': `${talk}run_timeout_s: 1800\n` }],
    ['what its answers are held against', { 'agents/talk/agent.yaml': talk.replace(', required: [answer]', '') }],
    ['that there is anything to hold them against', { 'agents/talk/agent.yaml': talk.replace(/output_schema: .*\n/, '') }],
    [
      'its name',
      {
        'agents/talk/agent.yaml': talk.replace('name: talk', 'name: other').replace(/budget: .*\n/, ''),
        '.github/proctor.yml': `${config}  - {agent: other, network: open}\n`,
      },
    ],
    ['its folder', moved],
    [
      'its folder is a link',
      { ...without('agents/talk/'), 'agents/talk': { link: '../elsewhere' }, 'elsewhere/agent.yaml': talk, 'elsewhere/main.py': 'x\n' },
    ],
    ['data that its own evals name is its code', { 'agents/talk/data/rows.csv': { link: '../lib/words.py' } }],
    ['its code is a link inside', { 'agents/talk/main.py': { link: 'lib/words.py' } }],
    [
      'evals in other letters',
      { 'agents/talk/Evals/answers.yaml': answers.replace(/judge: .*/, 'judge: none'), 'agents/talk/EVALS/answers.csv': 'user\n' },
    ],
    ['a configuration of its own', { 'agents/talk/.github/proctor.yml': 'gate: {min_pass_rate: 0}\n' }],
    [
      'scenarios and agents of its own',
      { 'agents/talk/scenarios/parser.yaml': scenarioYaml('parser'), 'agents/talk/agents/x/agent.yaml': agentYaml('x') },
    ],
  ])('%s', async (_, change) => {
    for (const path of ['.', 'agents/talk']) {
      const narrow = await untouched(path)
      const { plan } = await pullPlan(repository, folders(change), { path, proposals: true })
      expect(grading(plan)).toEqual(grading(narrow))
      expect(plan.batches[0]?.runs[0]?.keys).not.toEqual(narrow.batches[0]?.runs[0]?.keys)
    }
  })

  test('the base side of a changed agent is the base`s agent at the same samples', async () => {
    const { plan } = await pullPlan(repository, folders({ 'agents/talk/main.py': 'other\n' }))
    const before = await untouched()
    const [batch] = plan.batches
    expect(batch?.base).toEqual({ commit: 'a'.repeat(40), samples: 'failed' })
    expect(batch?.runs.filter(({ side }) => side === 'base').map(({ keys }) => keys)).toEqual(
      before.batches[0]?.runs.map(({ keys }) => keys),
    )
  })
})

describe('an agent of head that wants more than the base grants is stopped', () => {
  const asks = (more: string): Change => ({ 'agents/talk/agent.yaml': talk.replace('environment: {', `environment: {${more}, `) })
  const wider = (network: string): Change => ({
    ...asks(`network: ${network}`),
    '.github/proctor.yml': config.replace(/grants:.*/s, 'grants: [{agent: "*", network: open}]\n'),
  })
  test.each<[name: string, change: Change, problem: string | RegExp]>([
    [
      'a network',
      wider('open'),
      /agents\/talk\/agent.yaml:6:24 agent_not_granted `environment.network`: asks for `open`, and `allow` is granted/,
    ],
    ['a host', wider('{allow: [evil.example]}'), /asks for evil.example, and docs.example.com is granted/],
    [
      'a credential',
      { 'agents/talk/agent.yaml': talk.replace('LEVEL: info', 'KEY: {credential: DEPLOY}') },
      /the credential DEPLOY is not granted to talk/,
    ],
    [
      'a credential of its code',
      { 'agents/talk/agent.yaml': `${talk}source: {git: {url: "https://evil.example/x", credential: TICKETS}}\n` },
      /TICKETS is granted for tickets.example.com, and the URL is at evil.example/,
    ],
    ['memory', asks('resources: {memory: 64g}'), /found 64g; accepted: at most 4g, which is granted/],
    ['money', { 'agents/talk/agent.yaml': talk.replace('cost_usd: 1', 'cost_usd: 3') }, /`budget.cost_usd`: found 3; accepted: at most 2/],
    ['no limit of money', { 'agents/talk/agent.yaml': talk.replace('budget: {cost_usd: 1}\n', '') }, /`budget.cost_usd`: missing/],
    [
      'the name of another, beside it',
      { 'agents/copy/agent.yaml': talk, 'agents/copy/main.py': '' },
      /`name`: found "talk", which agents\/copy\/agent.yaml:3 has too/,
    ],
    [
      'the name of a built-in agent',
      { 'agents/talk/agent.yaml': talk.replace('name: talk', 'name: oracle') },
      /the name of a built-in agent/,
    ],
    ['a file out of the repository', { 'agents/talk/agent.yaml': { link: '/etc/hostname' } }, /is a link that leads out of the repository/],
    ['a folder out of the repository', { ...without('agents/talk/'), 'agents/talk': { link: '/proc/self' } }, 'gone'],
    [
      'code out of the repository',
      { 'agents/talk/agent.yaml': `${talk}source: {zip: ../../../x.zip}\n` },
      /agent_code_fetch_failed `source.zip`: found/,
    ],
    [
      'code by a link out of it',
      { 'agents/talk/lib/words.py': { link: '/etc/passwd' } },
      /agent_code_fetch_failed the code of `talk`: .*points outside/,
    ],
    ['a key that nobody knows', { 'agents/talk/agent.yaml': `${talk}grants: all\n` }, /config_invalid `grants`: unknown key/],
  ])('%s', async (_, change, problem) => {
    const problems = await problemsOf(() => pullPlan(repository, folders(change), { proposals: true }))
    if (problem === 'gone') expect(problems).toEqual([])
    else {
      expect(problems).toHaveLength(1)
      expect(problems[0]).toMatch(problem)
    }
  })

  test('what agent.yaml of the base had is no grant', async () => {
    const open: Files = {
      ...repository,
      '.github/proctor.yml': 'judge_model: openai/judge\n',
      'agents/talk/agent.yaml': talk.replace('environment: {', 'environment: {network: open, '),
    }
    expect(await problemsOf(() => pullPlan(open, open))).toEqual([
      'agents/talk/agent.yaml:6:24 agent_not_granted `environment.network`: asks for `open`, and `gateway` is granted',
    ])
  })

  test('without a word of grants an agent has the gateway, and may name the keys that it holds', async () => {
    const env = (text: string): Files => ({
      ...repository,
      '.github/proctor.yml': 'judge_model: openai/judge\n',
      'agents/talk/agent.yaml': talk.replace('LEVEL: info', text),
    })
    for (const text of ['OPENAI_API_KEY: {credential: OPENAI_API_KEY}', 'KEY: {credential: ANTHROPIC_API_KEY}'])
      expect(await problemsOf(() => pullPlan(env(text), env(text)))).toEqual([])
    for (const text of [
      'OPENAI_API_KEY: {credential: DEPLOY}',
      'OPENAI_API_KEY: {credential: ANTHROPIC_API_KEY}',
      'KEY: {credential: DEPLOY}',
    ])
      expect(await problemsOf(() => pullPlan(env(text), env(text)))).toEqual([expect.stringContaining('agent_not_granted')])
  })
})
