import { describe, expect, test } from 'vitest'
import { batchesOf, type Change, changed, pullPlan } from '../../../support/pull.ts'
import { repository } from '../../../support/repository.ts'
import { agentYaml, evalYaml, polite, scenarioYaml } from '../../../support/written.ts'

const answers = String(repository['agents/talk/evals/answers.yaml'])
const scenario = String(repository['scenarios/parser/scenario.yaml'])
const talk = String(repository['agents/talk/agent.yaml'])
const config = String(repository['.github/proctor.yml'])
const fresh = evalYaml('fresh', `dataset: answers.csv\njudge: none\n${polite}`)
const git = (credential: string) =>
  scenarioYaml(
    'private',
    `workspace: {git: {url: "https://git.example.com/x", credential: ${credential}}}\ninstruction: x\nscorers: [{name: t, type: test_integrity}]\n`,
  )
const onPrivate = evalYaml('secret', 'agent: fixer\nscenario: private\njudge: none\n')

const propose = async (change: Change, proposals = true, base = repository) =>
  (await pullPlan(base, changed(base, change), { proposals })).plan

describe('a changed eval runs beside the base`s, and decides nothing', () => {
  test.each<[name: string, change: Change, proposed: readonly string[]]>([
    ['nothing changes', {}, []],
    ['only an agent changes', { 'agents/talk/main.py': 'x\n' }, []],
    ['a new eval', { 'agents/talk/evals/fresh.yaml': fresh }, ['talk / fresh']],
    [
      'an eval of a new agent',
      {
        'agents/new/agent.yaml': agentYaml('new'),
        'agents/new/main.py': '',
        'agents/new/evals/f.yaml': fresh.replace('answers.csv', '../../talk/evals/answers.csv'),
      },
      ['new / fresh'],
    ],
    ['a row', { 'agents/talk/evals/answers.csv': 'id,user,expected\na1,What is 1+1?,3\n' }, ['talk / answers']],
    ['the rubric', { 'agents/talk/evals/rubric.md': 'Other.\n' }, ['talk / answers']],
    ['a gate alone', { 'agents/talk/evals/answers.yaml': `${answers}gate: {min_pass_rate: 0.1}\n` }, ['talk / answers']],
    ['a grader', { 'scenarios/parser/checks/grade.py': 'other\n' }, ['fixer / coding']],
    ['a workspace', { 'scenarios/parser/workspace/src/a.py': 'other\n' }, ['fixer / coding']],
    ['data that two trees have apart', { 'agents/talk/data/rows.csv': 'id,user,expected\nr1,Other,x\n' }, ['talk / rows']],
    [
      'what answers are held against',
      { 'agents/talk/agent.yaml': talk.replace(', required: [answer]', '') },
      ['talk / answers', 'talk / rows'],
    ],
    ['a solution, which judges nobody', { 'scenarios/parser/it.patch': 'other\n' }, []],
    ['a comment', { 'agents/talk/evals/answers.yaml': `# words\n${answers}` }, []],
    ['the configuration, which is the base`s', { '.github/proctor.yml': config.replace('0.9', '0.1') }, []],
    ['an eval goes', { 'agents/talk/evals/rows.yaml': undefined }, []],
    [
      'an agent takes another name',
      {
        'agents/fixer/agent.yaml': String(repository['agents/fixer/agent.yaml']).replace('fixer', 'mender'),
        'evals/coding.yaml': String(repository['evals/coding.yaml']).replace('fixer', 'mender'),
      },
      [],
    ],
  ])('%s', async (_, change, proposed) => {
    const plan = await propose(change)
    expect(batchesOf(plan, 'proposed')).toEqual(proposed)
    for (const batch of plan.batches.filter((one) => one.proposed)) {
      expect(batch.base).toBeUndefined()
      expect(batch.runs.map(({ id }) => id.includes('.proposed'))).toEqual(batch.runs.map(() => true))
    }
    const ids = plan.batches.flatMap(({ runs }) => runs.map(({ id }) => id))
    expect(new Set(ids).size).toBe(ids.length)
    expect(batchesOf(await propose(change, false), 'proposed')).toEqual([])
  })

  test('it is what head says, under the configuration of the base', async () => {
    const plan = await propose({
      'agents/talk/evals/answers.yaml': `${answers}gate: {max_cost_usd: 1}\n`.replace('rubric.md, samples: 3', 'other.md'),
      'agents/talk/evals/other.md': 'Short.\n',
      'agents/talk/evals/answers.csv': 'user,expected\nNew?,yes\n',
      '.github/proctor.yml': 'judge_model: openai/friend\n',
    })
    const proposed = plan.batches.find((batch) => batch.proposed)
    expect(proposed?.gate).toEqual({ minPassRate: 0.9, noRegressions: true, maxCostUsd: 1 })
    expect(proposed?.runs.map(({ sample, judge }) => [sample.user, judge])).toEqual([
      ['New?', { model: 'openai/judge', rubric: 'Short.', samples: 1 }],
    ])
  })

  test('its key is that which it will have on the default branch', async () => {
    const change = { 'agents/talk/evals/fresh.yaml': fresh }
    const [own] = (await propose(change)).batches.filter((batch) => batch.proposed)
    const { plan: merged } = await pullPlan(changed(repository, change), changed(repository, change))
    expect(own?.runs.map(({ keys }) => keys)).toEqual(
      merged.batches.find(({ eval: name }) => name === 'fresh')?.runs.map(({ keys }) => keys),
    )
  })
})

describe('what is wrong with a proposal is a warning', () => {
  test.each<[name: string, change: Change, warning: RegExp]>([
    [
      'an eval that is no YAML',
      { 'agents/talk/evals/new.yaml': 'a: [\n' },
      /this is not run: agents\/talk\/evals\/new.yaml:2: .*\(config_invalid\)/,
    ],
    ['an eval with unknown keys', { 'agents/talk/evals/answers.yaml': `${answers}nope: 1\n` }, /answers.yaml:\d+: .*nope/],
    ['a dataset that is not there', { 'agents/talk/evals/new.yaml': fresh.replace('answers.csv', 'no.csv') }, /new.yaml:4: .*no.csv/],
    [
      'a scenario that is broken',
      { 'scenarios/parser/scenario.yaml': scenario.replace('dir: workspace', 'dir: gone') },
      /scenario.yaml:5: .*gone/,
    ],
    ['a configuration that is broken', { '.github/proctor.yml': 'nope: 1\n' }, /proctor.yml:1: .*nope/],
    [
      'a workspace that cannot be fetched',
      { 'scenarios/parser/scenario.yaml': scenario.replace('{dir: workspace}', '{zip: it.patch}') },
      /the proposed eval `coding` is not run: .*workspace_seed_failed/,
    ],
    ['an agent that is not there', { 'evals/new.yaml': evalYaml('new', 'agent: nobody\ndataset: x.csv\n') }, /new.yaml:4: .*nobody/],
  ])('%s', async (_, change, warning) => {
    const plan = await propose(change)
    expect(plan.warnings.filter((text) => warning.test(text))).toHaveLength(1)
    expect(batchesOf(plan)).toEqual(['talk / answers', 'talk / rows', 'fixer / coding'])
  })

  test('a thousand broken files are not a thousand warnings', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`agents/talk/evals/x${at}.yaml`, 'a: 1\n']))
    const { warnings } = await propose(many)
    expect(warnings.length).toBeLessThan(20)
    expect(warnings.join('\n').length).toBeLessThan(10_000)
  })

  test('what a file is called does no harm in a warning', async () => {
    const { warnings } = await propose({ 'agents/talk/evals/a\nb\u202e::error::.yaml': fresh }, false)
    expect(warnings.filter((text) => text.includes('::error::'))).toHaveLength(1)
    expect(warnings.join('')).not.toMatch(/[\n\u202e]/)
  })
})

describe('who may propose nothing', () => {
  test('is told which files do not count yet', async () => {
    const { warnings } = await propose(
      {
        'agents/talk/evals/answers.csv': 'user\nx\n',
        'scenarios/parser/workspace/src/a.py': 'x\n',
        '.github/proctor.yml': undefined,
        'agents/talk/main.py': 'x\n',
        'README.md': 'x\n',
        'evals/new.yaml': 'a: [\n',
      },
      false,
    )
    expect(warnings[0]).toBe(
      "The base's version of these holds until the change is merged: .github/proctor.yml, agents/talk/evals/answers.csv, evals/new.yaml, scenarios/parser/workspace.",
    )
  })

  test('has nothing fetched that only head names', async () => {
    const change = { 'evals/secret.yaml': onPrivate, 'scenarios/private.yaml': git('DEPLOY') }
    const { plan, world } = await pullPlan(repository, changed(repository, change))
    expect(batchesOf(plan, 'proposed')).toEqual([])
    expect(world.fetched.filter((source) => JSON.stringify(source).includes('git.example.com'))).toEqual([])
  })
})

describe('a proposed scenario', () => {
  const change = { 'evals/secret.yaml': onPrivate, 'scenarios/private.yaml': git('DEPLOY') }
  test('sends no credential where the base sends none', async () => {
    const plan = await propose(change)
    expect(batchesOf(plan, 'proposed')).toEqual([])
    expect(plan.warnings).toContain(
      'the proposed eval `secret` is not run: it logs in to https://git.example.com/x with DEPLOY, which no scenario of the base does',
    )
  })

  test('may log in where a scenario of the base does', async () => {
    const base = changed(repository, { 'scenarios/other.yaml': git('DEPLOY').replace('name: private', 'name: other') })
    const { plan } = await pullPlan(base, changed(base, change), { proposals: true, values: { DEPLOY: 'a-secret-value' } })
    expect(batchesOf(plan, 'proposed')).toEqual(['fixer / secret'])
  })
})
