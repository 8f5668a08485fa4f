import { describe, expect, test } from 'vitest'
import type { Plan } from '../../../../runner/domain/plan.ts'
import { batchesOf, type Change, changed, type Files, pullPlan, pushPlan } from '../../../support/pull.ts'
import { repository } from '../../../support/repository.ts'
import { there } from '../../../support/there.ts'
import { agentYaml, evalYaml, polite, problemsOf } from '../../../support/written.ts'

const one: Files = {
  'agents/a/agent.yaml': agentYaml('a'),
  'agents/a/main.py': 'x = 1\n',
  'agents/a/evals/e.yaml': evalYaml('e', `dataset: e.csv\njudge: none\n${polite}`),
  'agents/a/evals/e.csv': 'id,user\none,hi\ntwo,ho\n',
}
const two: Files = {
  ...one,
  'agents/b/agent.yaml': agentYaml('b'),
  'agents/b/main.py': 'x = 2\n',
  'evals/f.yaml': evalYaml('f', `agent: b\ndataset: ../agents/a/evals/e.csv\njudge: none\n${polite}`),
}
const other: Change = { 'agents/a/main.py': 'x = 3\n' }
const without = (files: Files, prefix: string): Change =>
  Object.fromEntries(Object.keys(files).flatMap((path) => (path.startsWith(prefix) ? [[path, undefined]] : [])))
const baseRuns = ({ batches }: Plan) => batches.flatMap(({ runs }) => runs.filter(({ side }) => side === 'base'))
const keys = (plan: Plan) => plan.batches.flatMap(({ runs }) => runs.map((run) => run.keys))

describe('the base side', () => {
  test('is the base`s agent at the same samples and epochs, with the keys that it had on the default branch', async () => {
    const { plan: push } = await pushPlan(repository, { epochs: 2 })
    const { plan } = await pullPlan(repository, changed(repository, { 'agents/talk/main.py': '1\n', 'agents/fixer/fix.sh': 'false\n' }), {
      epochs: 2,
    })
    expect(baseRuns(plan).map((run) => run.keys)).toEqual(keys(push))
    for (const { runs, base } of plan.batches) {
      expect(base).toEqual({ commit: 'a'.repeat(40), samples: 'failed' })
      const [head, before] = ['head', 'base'].map((side) => runs.filter((run) => run.side === side))
      expect(there(before).map(({ sample, judge, epoch }) => ({ sample, judge, epoch }))).toEqual(
        there(head).map(({ sample, judge, epoch }) => ({ sample, judge, epoch })),
      )
      expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length)
      // One object each: a plan of many runs stays small.
      expect(new Set(runs.map(({ sample }) => sample.exercise)).size).toBe(1)
    }
  })

  test('the keys of head are those that it will have on the default branch', async () => {
    const files = changed(repository, { 'agents/talk/main.py': '1\n' })
    const { plan: push } = await pushPlan(files)
    const { plan } = await pullPlan(repository, files)
    const heads = plan.batches.flatMap(({ runs }) => runs.filter(({ side }) => side === 'head'))
    expect(heads.map((run) => run.keys)).toEqual(keys(push))
  })

  test('of an agent that is the base`s own is the same, and not in the plan a second time', async () => {
    const { plan } = await pullPlan(two, changed(two, other))
    expect(plan.batches.map(({ agent, base, runs }) => [agent, base?.same, runs.length])).toEqual([
      ['a', undefined, 4],
      ['b', true, 2],
    ])
  })

  test('is run for all samples, or for none, when that is asked for', async () => {
    const { plan: all } = await pullPlan(one, changed(one, other), { compare: 'all' })
    expect(all.batches[0]?.base?.samples).toBe('all')
    const { plan: none } = await pullPlan(one, changed(one, { ...other, 'agents/a/evals/e.csv': 'user\nx\n' }), { compare: 'none' })
    expect(none.batches[0]?.base).toBeUndefined()
    expect(none.batches[0]?.runs.map(({ sample, side }) => [sample.id, side])).toEqual([
      ['one', 'head'],
      ['two', 'head'],
    ])
  })

  test('costs no second reading of the workspace', async () => {
    const { plan } = await pullPlan(repository, changed(repository, { 'agents/fixer/fix.sh': 'false\n' }))
    const coding = there(plan.batches.find(({ eval: name }) => name === 'coding'))
    expect(coding.runs).toHaveLength(4)
    expect(new Set(coding.runs.map(({ sample }) => sample.exercise?.workspace)).size).toBe(1)
  })

  test.each<[name: string, base: Files, head: Files, warning: RegExp]>([
    [
      'an agent that is new',
      changed(one, {
        'agents/a/evals/g.yaml': evalYaml('g', `agent: b\ndataset: e.csv\njudge: none\n${polite}`),
        ...without(one, 'agents/a/agent'),
      }),
      changed(one, { 'agents/b/agent.yaml': agentYaml('b'), 'agents/b/main.py': '' }),
      /^the agent `b` is not on the base: its results are compared with nothing$/,
    ],
    [
      'an agent that is a draft there',
      changed(one, { 'agents/a/agent.yaml': agentYaml('a', 'draft: true\n') }),
      one,
      /^the base's `a` cannot be run, so nothing is compared with it: agents\/a\/agent.yaml:4: it is a draft there \(agent_draft\)$/,
    ],
    [
      'an agent that is not granted what it wants there',
      changed(one, { 'agents/a/agent.yaml': agentYaml('a', 'environment: {network: open}\n') }),
      one,
      /cannot be run.*asks for `open`, and `gateway` is granted \(agent_not_granted\)$/,
    ],
    ['an agent whose code is not there', changed(one, { 'agents/a/main.py': undefined }), one, /cannot be run.*which is not in the source/],
    ['an agent whose code cannot be fetched', changed(one, { 'agents/a/x': { link: '/etc' } }), one, /cannot be run.*points outside/],
  ])('there is none for %s, and the plan says so', async (_, base, head, warning) => {
    const { plan } = await pullPlan(base, head)
    expect(plan.warnings.filter((text) => warning.test(text))).toHaveLength(1)
    expect(plan.batches.length).toBeGreaterThan(0)
    expect(plan.batches.filter((batch) => batch.base)).toEqual([])
  })

  test('there is none for an agent whose file is broken there', async () => {
    const { plan } = await pullPlan(changed(one, { 'agents/a/agent.yaml': 'kind: [\n' }), one)
    expect([batchesOf(plan), baseRuns(plan)]).toEqual([['a / e'], []])
    expect(plan.warnings).toEqual(['the agent `a` is not on the base: its results are compared with nothing'])
  })

  test('of an agent under another name in the same folder is who was there', async () => {
    const { plan } = await pullPlan(one, changed(one, { 'agents/a/agent.yaml': agentYaml('z') }))
    expect(batchesOf(plan)).toEqual(['z / e'])
    expect(baseRuns(plan).map(({ agent }) => agent.slug)).toEqual(['a', 'a'])
  })

  test('two agents that change their names with each other stay who they are called', async () => {
    const swapped = { ...two, 'agents/a/agent.yaml': agentYaml('b'), 'agents/b/agent.yaml': agentYaml('a') }
    const { plan } = await pullPlan(two, swapped)
    expect(plan.batches.map(({ eval: name, agent }) => [name, agent])).toEqual([
      ['e', 'a'],
      ['f', 'b'],
    ])
    const { plan: before } = await pullPlan(two, two)
    expect(baseRuns(plan).map((run) => run.keys)).toEqual(keys(before))
  })
})

describe('agents that come and go', () => {
  test('what is gone is not run, and that is said', async () => {
    const { plan } = await pullPlan(two, changed(two, without(two, 'agents/b/')))
    expect(batchesOf(plan)).toEqual(['a / e'])
    expect(plan.warnings).toContain('the agent `b` is gone: of it, f is not run')
    const { plan: none } = await pullPlan(one, changed(one, without(one, 'agents/a/agent')))
    expect([none.batches, none.warnings]).toEqual([[], ['the agent `a` is gone: of it, e is not run']])
  })

  test('also when it was asked for by name', async () => {
    const gone = changed(two, without(two, 'agents/b/'))
    expect(batchesOf((await pullPlan(two, gone, { agents: ['a', 'b'] })).plan)).toEqual(['a / e'])
    expect(batchesOf((await pullPlan(two, gone, { agents: ['b'] })).plan)).toEqual([])
    expect(batchesOf((await pullPlan(two, gone, { evals: ['f'] })).plan)).toEqual([])
    expect(await problemsOf(() => pullPlan(two, gone, { agents: ['zzz'] }))).toEqual([
      'agent_not_found no agent is called `zzz`; known: a, oracle, no-op',
    ])
    expect(await problemsOf(() => pullPlan(two, gone, { evals: ['zzz'] }))).toEqual(['eval_not_found no eval is called `zzz`; known: e'])
  })

  test('one more agent does not make an eval of the only one nobody`s', async () => {
    const loose = changed(one, {
      ...without(one, 'agents/a/evals/'),
      'evals/e.yaml': one['agents/a/evals/e.yaml'],
      'evals/e.csv': one['agents/a/evals/e.csv'],
    })
    const { plan } = await pullPlan(loose, changed(loose, { 'agents/b/agent.yaml': agentYaml('b'), 'agents/b/main.py': '' }))
    expect(batchesOf(plan)).toEqual(['a / e'])
  })

  test('a built-in agent is the base`s on both sides', async () => {
    const files = changed(repository, { 'scenarios/parser/it.patch': 'another\n', 'agents/fixer/fix.sh': 'x\n' })
    const { plan } = await pullPlan(repository, files, { agents: ['oracle', 'no-op'], evals: ['coding'] })
    const { plan: before } = await pushPlan(repository, { agents: ['oracle', 'no-op'], evals: ['coding'] })
    expect(batchesOf(plan)).toEqual(['oracle / coding', 'no-op / coding'])
    expect(keys(plan)).toEqual(keys(before))
  })
})

describe('what is asked for may be on one side alone', () => {
  test('an eval, which head takes away', async () => {
    const { plan } = await pullPlan(one, changed(one, { ...other, ...without(one, 'agents/a/evals/') }), { path: 'agents/a/evals/e.yaml' })
    expect(plan.batches.map(({ base, runs }) => [base?.samples, runs.length])).toEqual([['failed', 4]])
  })

  test('a folder, which head makes a link out of the repository', async () => {
    const { plan } = await pullPlan(one, { agents: { link: '/proc/self' } }, { path: 'agents/a' })
    expect([plan.batches, plan.warnings[0]]).toEqual([[], 'the agent `a` is gone: of it, e is not run'])
  })

  test('a package, which the base does not have', async () => {
    const head = {
      ...one,
      'agents/b/agent.yaml': agentYaml('b'),
      'agents/b/main.py': '',
      'agents/b/evals/g.yaml': evalYaml('g', `dataset: ../../a/evals/e.csv\njudge: none\n${polite}`),
    }
    const { plan } = await pullPlan(one, head, { path: 'agents/b' })
    expect(batchesOf(plan)).toEqual([])
    expect(plan.warnings).toEqual([expect.stringContaining('agents/b/evals/g.yaml')])
    const { plan: proposed } = await pullPlan(one, head, { path: 'agents/b', proposals: true })
    expect([batchesOf(proposed), batchesOf(proposed, 'proposed')]).toEqual([[], ['b / g']])
  })

  test('the first package of a repository', async () => {
    const { plan } = await pullPlan({ 'README.md': '' }, one, { proposals: true })
    expect([batchesOf(plan), batchesOf(plan, 'proposed')]).toEqual([[], ['a / e']])
  })

  test('neither', async () => {
    expect(await problemsOf(() => pullPlan({ 'README.md': '' }, { 'README.md': '' }))).toEqual([
      expect.stringMatching(/^package_not_found .* holds no agent, eval or scenario$/),
    ])
  })

  test('a part of a repository has the configuration of the whole, and its files are called by where they lie in it', async () => {
    const part = Object.fromEntries(Object.entries(one).map(([path, text]) => [`tools/ai/${path}`, text]))
    const files = { ...part, '.github/proctor.yml': 'gate: {min_pass_rate: 0.5}\ncomment: always\n' }
    const { plan } = await pullPlan(files, changed(files, { '.github/proctor.yml': undefined }), { path: 'tools/ai' })
    expect([plan.batches[0]?.gate.minPassRate, plan.publishing]).toEqual([0.5, { comment: 'always' }])
    expect(plan.batches[0]?.runs[0]?.sample.from?.file).toBe('tools/ai/agents/a/evals/e.csv')
    const broken = changed(files, { 'tools/ai/agents/a/agent.yaml': 'kind: x\n' })
    expect(await problemsOf(() => pullPlan(files, broken, { path: 'tools/ai' }))).toEqual([
      expect.stringMatching(/^tools\/ai\/agents\/a\/agent.yaml:1/),
    ])
  })
})

test('an agent that is the repository itself has no part of what the base supplies', async () => {
  const files: Files = {
    'agent.yaml': agentYaml('root'),
    'main.py': 'x = 1\n',
    'evals/e.yaml': evalYaml('e', `dataset: ../data/e.csv\njudge: none\n${polite}`),
    'data/e.csv': 'user\nhi\n',
    '.github/proctor.yml': 'gate: {min_pass_rate: 0.5}\n',
  }
  const head = changed(files, {
    'evals/e.yaml': 'x: [\n',
    'data/e.csv': 'user\nother\n',
    '.github/proctor.yml': 'gate: {}\n',
    'scenarios/s.yaml': 'x\n',
  })
  const { plan } = await pullPlan(files, head)
  expect(plan.batches.map(({ base, gate }) => [base?.same, gate.minPassRate])).toEqual([[true, 0.5]])
})

test('what is wrong on the base is said to be wrong there', async () => {
  const broken = changed(one, { 'agents/a/evals/e.csv': 'nope\nhi\n', '.github/proctor.yml': 'nope: 1\n' })
  expect(await problemsOf(() => pullPlan(broken, one))).toEqual([
    expect.stringMatching(/^.github\/proctor.yml:1:1 config_invalid on the base: /),
    expect.stringMatching(/^agents\/a\/evals\/e.csv:1 dataset_invalid on the base: /),
  ])
})
