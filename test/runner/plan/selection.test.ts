import { describe, expect, test } from 'vitest'
import type { Plan } from '../../../runner/domain/plan.ts'
import type { Result } from '../../../runner/domain/result.ts'
import { dueRuns } from '../../../runner/plan/due-runs.ts'
import { takeOver } from '../../../runner/plan/take-over.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { earlierOf, memoryRecords } from '../../fakes/memory-records.ts'
import { fakeResult, type Story } from '../../fakes/results.ts'
import { type Change, changed, pullPlan, pushPlan } from '../../support/pull.ts'
import { repository } from '../../support/repository.ts'
import { agentYaml, evalYaml } from '../../support/written.ts'

const text = (path: string) => String(repository[path])
const answers = text('agents/talk/evals/answers.yaml')
const talk = text('agents/talk/agent.yaml')
const config = text('.github/proctor.yml')
const scenario = text('scenarios/parser/scenario.yaml')
const coding = text('evals/coding.yaml')
const inEnvironment = (more: string) => ({ 'agents/talk/agent.yaml': talk.replace('environment: {', `environment: {${more}, `) })

const blobs = memoryBlobs()
const runsOf = ({ batches }: Plan) => batches.flatMap(({ runs }) => runs)
/** Whatever was due has this end. */
const finished = (plan: Plan, story: Story): Promise<Result[]> => Promise.all(runsOf(plan).map((run) => fakeResult(run, blobs, story)))

/** What of a plan is still to be run after an earlier one, as `eval sample`, with epoch and side where there is more than one. */
async function due(plan: Plan, earlier: { plan: Plan; results: readonly Result[] }): Promise<string[]> {
  const records = memoryRecords()
  await records.begin(plan)
  await takeOver(plan, { records, earlier: earlierOf(earlier.plan, earlier.results) })
  const done = await records.results(plan.id)
  expect(done.every(({ reused }) => reused?.plan === earlier.plan.id && reused.commit === 'c'.repeat(40))).toBe(true)
  return [...dueRuns(plan, done)].map(
    ({ eval: name, sample, epoch, side }) => `${name} ${sample.id}${epoch > 1 ? ` #${epoch}` : ''}${side === 'base' ? ' base' : ''}`,
  )
}

const all = {
  answers: ['answers a1', 'answers a2'],
  rows: ['rows r1'],
  coding: ['coding parser', 'coding parser #2'],
}
const ofTalk = [...all.answers, ...all.rows]
const everything = [...ofTalk, ...all.coding]

describe('after a change on the default branch exactly what it touches is run', () => {
  const before = pushPlan(repository).then(async ({ plan }) => ({ plan, results: await finished(plan, 'tests-fail') }))
  type Asked = Parameters<typeof pushPlan>[1]
  test.each<[name: string, change: Change, due: readonly string[], asked?: Asked]>([
    ['nothing', {}, []],
    ['the README', { 'README.md': 'Other.\n' }, []],
    ['what lies beside', { 'docs/a.md': 'x\n', 'agents/talk/.proctor/x': 'x\n', '.github/workflows/ci.yml': 'on: push\n' }, []],

    ['the agent`s code', { 'agents/talk/main.py': 'x\n' }, ofTalk],
    ['one of its modules', { 'agents/talk/lib/words.py': 'hello = 2\n' }, ofTalk],
    ['a new file of it', { 'agents/talk/lib/more.py': '' }, ofTalk],
    ['a file of it goes', { 'agents/talk/lib/words.py': undefined }, ofTalk],
    ['its own README, which it can read', { 'agents/talk/README.md': 'x\n' }, ofTalk],
    ['another agent', { 'agents/fixer/fix.sh': 'false\n' }, all.coding],
    ['a new agent', { 'agents/new/agent.yaml': agentYaml('new'), 'agents/new/main.py': '' }, []],
    ['its description, which it can read', { 'agents/talk/agent.yaml': `${talk}description: Other\n` }, ofTalk],
    ['its variables', { 'agents/talk/agent.yaml': talk.replace('info', 'debug') }, ofTalk],
    ['its packages', inEnvironment('requirements: [httpx]'), ofTalk],
    ['its Python', inEnvironment('python_version: "3.12"'), ofTalk],
    ['its network', inEnvironment('network: gateway'), ofTalk],
    ['its memory', inEnvironment('resources: {memory: 3g}'), ofTalk],
    ['its time', { 'agents/talk/agent.yaml': `${talk}run_timeout_s: 299\n` }, ofTalk],
    ['its budget', { 'agents/talk/agent.yaml': talk.replace('cost_usd: 1', 'cost_usd: 0.5') }, ofTalk],
    ['its models', { 'agents/talk/agent.yaml': `${talk}models: [claude-*]\n` }, ofTalk],
    ['its entrypoint', { 'agents/talk/agent.yaml': `${talk}entrypoint: go\n` }, ofTalk],
    ['its schema of answers', { 'agents/talk/agent.yaml': talk.replace('[answer]', '[other]') }, ofTalk],
    ['its command', { 'agents/fixer/agent.yaml': text('agents/fixer/agent.yaml').replace('fix.sh', 'fix.sh -v') }, all.coding],

    ['one row', { 'agents/talk/evals/answers.csv': 'id,user,expected\na1,What is 1+1?,2\na2,What is 2+3?,5\n' }, ['answers a2']],
    ['one row more', { 'agents/talk/evals/answers.csv': `${text('agents/talk/evals/answers.csv')}a3,Why?,Because\n` }, ['answers a3']],
    ['one row less', { 'agents/talk/evals/answers.csv': 'id,user,expected\na2,What is 2+2?,4\n' }, []],
    ['their order', { 'agents/talk/evals/answers.csv': 'id,user,expected\na2,What is 2+2?,4\na1,What is 1+1?,2\n' }, []],
    [
      'what is expected of one',
      { 'agents/talk/evals/answers.csv': 'id,user,expected\na1,What is 1+1?,two\na2,What is 2+2?,4\n' },
      ['answers a1'],
    ],
    [
      'a column',
      { 'agents/talk/evals/answers.csv': 'id,user,expected,tone\na1,What is 1+1?,2,kind\na2,What is 2+2?,4,kind\n' },
      all.answers,
    ],
    [
      'data in the agent`s folder, which is none of its code',
      { 'agents/talk/data/rows.csv': 'id,user,expected\nr1,Say hi,hi\n' },
      all.rows,
    ],

    ['the rubric', { 'agents/talk/evals/rubric.md': 'It is kind.\n' }, all.answers],
    ['how often the judge is asked', { 'agents/talk/evals/answers.yaml': answers.replace('samples: 3', 'samples: 1') }, all.answers],
    ['the judge of the repository', { '.github/proctor.yml': config.replace('openai/judge', 'openai/other') }, all.answers],
    ['the judge of the command', {}, everything, { judge: 'openai/other' }],
    ['a scorer', { 'agents/talk/evals/answers.yaml': answers.replace('exact', 'contains') }, all.answers],
    [
      'whether it is required',
      { 'agents/talk/evals/answers.yaml': answers.replace('name: shape', 'name: shape, required: false') },
      all.answers,
    ],
    ['the name of a badge', { 'agents/talk/evals/answers.yaml': answers.replace('name: right', 'name: correct') }, all.answers],

    ['a file of the workspace', { 'scenarios/parser/workspace/src/a.py': 'x = 2\n' }, all.coding],
    ['the grader', { 'scenarios/parser/checks/grade.py': 'raise SystemExit(0)\n' }, all.coding],
    ['a file beside the grader', { 'scenarios/parser/checks/data.json': '{}\n' }, all.coding],
    ['the instruction', { 'scenarios/parser/scenario.yaml': scenario.replace('Fix it', 'Mend it') }, all.coding],
    ['what may be edited', { 'scenarios/parser/scenario.yaml': scenario.replace('src/**', '**') }, all.coding],
    ['what is protected', { 'scenarios/parser/scenario.yaml': scenario.replace('tests/**', 'none/**') }, all.coding],
    ['its packages for grading', { 'scenarios/parser/scenario.yaml': `${scenario}environment: {requirements: [x]}\n` }, all.coding],
    ['its setup', { 'scenarios/parser/scenario.yaml': `${scenario}setup: {mode: platform, command: make}\n` }, all.coding],
    ['live grading', { 'scenarios/parser/scenario.yaml': `${scenario}grading: live\n` }, all.coding],
    ['the solution, which judges nobody', { 'scenarios/parser/it.patch': 'other\n' }, []],
    ['its description', { 'scenarios/parser/scenario.yaml': `${scenario}description: Other\n` }, []],
    [
      'a new scenario',
      {
        'scenarios/other.yaml': scenario
          .replace('name: parser', 'name: other')
          .replace('files: checks', 'files: parser/checks')
          .replace('dir: workspace', 'dir: parser/workspace')
          .replace(/oracle.*\n/, ''),
      },
      [],
    ],

    ['one epoch more', { 'evals/coding.yaml': coding.replace('epochs: 2', 'epochs: 3') }, ['coding parser #3']],
    ['one epoch less', { 'evals/coding.yaml': coding.replace('epochs: 2', 'epochs: 1') }, []],
    ['two epochs of all', {}, ['answers a1 #2', 'answers a2 #2', 'rows r1 #2'], { epochs: 2 }],
    ['the gate of an eval', { 'evals/coding.yaml': coding.replace('min_pass_rate: 1', 'min_pass_rate: 0.5') }, []],
    ['the name of an eval', { 'evals/coding.yaml': coding.replace('name: coding', 'name: renamed') }, []],
    ['a new eval of a known task', { 'evals/again.yaml': coding.replace('name: coding', 'name: again') }, []],
    [
      'a new eval',
      {
        'evals/new.yaml': evalYaml(
          'new',
          'agent: talk\ndataset: new.csv\njudge: none\nscorers: [{name: x, type: response, contains: y}]\n',
        ),
        'evals/new.csv': 'id,user\nn,Hi\n',
      },
      ['new n'],
    ],
    ['the gate of the repository', { '.github/proctor.yml': config.replace('0.9', '0.1') }, []],
    ['the gate of the command', {}, [], { gate: { min_pass_rate: 0 } }],
    ['what agents are granted', { '.github/proctor.yml': config.replace('network: {allow: [docs.example.com]}', 'network: open') }, []],
    ['prices', { '.github/proctor.yml': config.replace('input: 1', 'input: 2') }, []],
    ['the budget of all', { '.github/proctor.yml': config.replace('cost_usd: 5', 'cost_usd: 50') }, []],
    ['when there is a comment', { '.github/proctor.yml': config.replace('comment: changes', 'comment: never') }, []],
    ['proctor itself', {}, everything, { version: '1.0.1' }],
    ['the base image', {}, everything, { image: 'other:latest' }],
  ])('%s', async (_, change, expected, asked) => {
    const { plan } = await pushPlan(changed(repository, change), asked)
    expect(await due(plan, await before)).toEqual(expected)
  })
})

describe('on a pull request', () => {
  const change = { 'agents/talk/main.py': 'x\n', 'agents/talk/evals/answers.csv': 'id,user,expected\na1,What is 1+1?,2\nnew,Why?,x\n' }
  const main = pushPlan(repository).then(({ plan }) => plan)
  const outcome = async (story: Story) => ({ plan: await main, results: await finished(await main, story) })

  test('what the change does not touch is taken over, and of what it proposes only what is new is run', async () => {
    const { plan } = await pullPlan(repository, changed(repository, change), { proposals: true })
    // The proposed a1 is the same work as the base's a1 on head: it waits for that.
    expect(await due(plan, await outcome('pass'))).toEqual([...ofTalk, 'answers new'])
  })

  test('with nothing of an agent or its answers changed nothing is run', async () => {
    const { plan } = await pullPlan(repository, changed(repository, { 'README.md': 'x\n' }))
    expect(await due(plan, await outcome('tests-fail'))).toEqual([])
  })

  test('the base side of what fails comes from the default branch; of what passes nobody asks', async () => {
    const { plan } = await pullPlan(repository, changed(repository, change))
    const records = memoryRecords()
    await records.begin(plan)
    const earlier = earlierOf(await main, (await outcome('pass')).results)
    const heads = runsOf(plan).filter(({ side, eval: name }) => side === 'head' && name !== 'coding')
    for (const run of heads) await records.keep(plan.id, await fakeResult(run, blobs, run.sample.id === 'a2' ? 'tests-fail' : 'pass'))
    await takeOver(plan, { records, earlier })
    const taken = (await records.results(plan.id)).filter(({ reused }) => reused).map(({ run }) => [run.eval, run.sample.id, run.side])
    expect(taken.sort()).toEqual([
      ['answers', 'a2', 'base'],
      ['coding', 'parser', 'head'],
      ['coding', 'parser', 'head'],
    ])
    expect(earlier.asked).toHaveLength(3)
    expect([...dueRuns(plan, await records.results(plan.id))]).toEqual([])
  })

  test('a base side that the default branch does not have is run', async () => {
    const { plan } = await pullPlan(repository, changed(repository, change))
    const heads = await Promise.all(
      runsOf(plan).flatMap((run) => (run.side === 'head' ? [fakeResult(run, blobs, run.sample.id === 'a2' ? 'tests-fail' : 'pass')] : [])),
    )
    expect([...dueRuns(plan, heads)].map(({ side, sample }) => [side, sample.id])).toEqual([['base', 'a2']])
  })

  test('with `all`, and ahead of shards, every base side is taken over', async () => {
    for (const [compare, options] of [
      ['all', {}],
      ['failed', { ahead: true }],
    ] as const) {
      const { plan } = await pullPlan(repository, changed(repository, change), { compare })
      const records = memoryRecords()
      await records.begin(plan)
      await takeOver(plan, { records, earlier: earlierOf(await main, (await outcome('pass')).results) }, options)
      const taken = (await records.results(plan.id)).filter(({ run }) => run.side === 'base')
      expect(taken.map(({ run }) => run.sample.id)).toEqual(['a1', 'a2', 'r1'])
    }
  })

  test('a spent budget keeps nothing from being taken over', async () => {
    const { plan } = await pullPlan(repository, repository, { budgetUsd: 0.001 })
    expect(await due(plan, await outcome('pass'))).toEqual([])
  })

  test('a shard takes over its own samples', async () => {
    const { plan } = await pullPlan(repository, repository, { shards: { of: 2, durations: () => undefined } })
    const records = memoryRecords()
    await records.begin(plan)
    await takeOver(plan, { records, earlier: earlierOf(await main, (await outcome('pass')).results) }, { shard: { index: 1, of: 2 } })
    const samples = new Set((await records.results(plan.id)).map(({ run }) => run.sample.id))
    expect([...samples].sort()).toEqual([...(plan.shards?.[0] ?? [])].sort())
  })
})
