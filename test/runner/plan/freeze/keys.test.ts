import { describe, expect, test } from 'vitest'
import type { Run } from '../../../../runner/domain/plan.ts'
import { keysOf } from '../../../../runner/plan/freeze/keys.ts'
import { digestOf, fakePlan } from '../../../fakes/plans.ts'
import { there } from '../../../support/there.ts'

const run = there(fakePlan().batches[0]?.runs[0])
const around = { version: '1.0.0', image: 'proctor-base:latest' }
const blob = (name: string) => ({ digest: digestOf(name), bytes: 1, name })
const { agent, sample } = run
const exercise = there(sample.exercise)
const inAgent = (change: Partial<Run['agent']>): Run => ({ ...run, agent: { ...agent, ...change } })
const inSample = (change: Partial<Run['sample']>): Run => ({ ...run, sample: { ...sample, ...change } })
const inExercise = (change: Partial<typeof exercise>) => inSample({ exercise: { ...exercise, ...change } })
const [first, ...others] = sample.scorers
const withScorer = (change: object) => inSample({ scorers: [{ ...there(first), ...change }, ...others] })

type Change = [name: string, changed: Run, around?: typeof around]
const both: Change[] = [
  ['the agent’s name', inAgent({ slug: 'other' })],
  ['its version', inAgent({ version: '1.2.3' })],
  ['its code', inAgent({ source: blob('other') })],
  ['how it starts', inAgent({ start: { kind: 'ShellCommand', command: 'other' } })],
  ['its input schema', inAgent({ inputSchema: { type: 'object' } })],
  ['a layer of it', inAgent({ environment: { ...agent.environment, recipe: [{ base: 'other' }] } })],
  ['what a layer puts', inAgent({ environment: { ...agent.environment, recipe: [{ put: blob('other'), at: '/x' }] } })],
  ['a variable', inAgent({ environment: { ...agent.environment, env: { A: 'b' } } })],
  ['a credential', inAgent({ environment: { ...agent.environment, env: { A: { credential: 'b' } } } })],
  ['its network', inAgent({ environment: { ...agent.environment, network: 'open' } })],
  ['its memory', inAgent({ environment: { ...agent.environment, resources: { ...agent.environment.resources, memoryMb: 1 } } })],
  ['sudo', inAgent({ environment: { ...agent.environment, sudo: false } })],
  ['the sample', inSample({ id: 'other' })],
  ['the instruction', inSample({ user: 'other' })],
  ['an input', inSample({ input: { row: 99 } })],
  ['the workspace', inExercise({ workspace: blob('other') })],
  ['the exercise’s image', inExercise({ environment: { ...exercise.environment, recipe: [] } })],
  ['the setup', inExercise({ setup: { mode: 'agent', text: 'pip install -e .' } })],
  ['no exercise', { ...run, sample: (({ exercise: _, ...rest }) => rest)(sample) }],
  ['the time', { ...run, limits: { ...run.limits, wallMs: 1 } }],
  ['the tokens', { ...run, limits: { ...run.limits, tokens: 1 } }],
  ['the epoch', { ...run, epoch: 2 }],
  ['the release', run, { ...around, version: '1.0.1' }],
  ['the base image', run, { ...around, image: 'other' }],
]
const gradeOnly: Change[] = [
  ['a scorer’s options', withScorer({ options: { command: 'other' } })],
  ['whether it is required', withScorer({ required: false })],
  ['its name', withScorer({ name: 'other' })],
  ['its type', withScorer({ type: 'command' })],
  ['its files', withScorer({ files: blob('other') })],
  ['one scorer fewer', inSample({ scorers: others })],
  ['their order', inSample({ scorers: sample.scorers.toReversed() })],
  ['what is expected', inSample({ expected: 'x' })],
  ['editable', inExercise({ editable: [] })],
  ['protected', inExercise({ protected: [] })],
  ['runner hooks', inExercise({ hooks: ['conftest.py'] })],
  ['live grading', inExercise({ grading: 'live' })],
  ['no judge', { ...run, judge: 'none' }],
  ['the judge’s model', { ...run, judge: { model: 'other/x', rubric: 'Is the change minimal and does it explain itself?', samples: 3 } }],
  ['the rubric', { ...run, judge: { model: 'openai/gpt-5-mini', rubric: 'other', samples: 3 } }],
  [
    'how often it is asked',
    { ...run, judge: { model: 'openai/gpt-5-mini', rubric: 'Is the change minimal and does it explain itself?', samples: 1 } },
  ],
  ['the schema of answers', inAgent({ outputSchema: { type: 'object' } })],
]
const neither: Change[] = [
  ['the eval', { ...run, eval: 'other' }],
  ['the id', { ...run, id: 'other' }],
  ['the side', { ...run, side: 'base' }],
  ['the attempt', { ...run, attempt: 2 }],
  ['the line', inSample({ from: { file: 'other', line: 1 } })],
  ['how many may run at once', inAgent({ concurrencyCap: 99 })],
  ['what a blob is called', inAgent({ source: { ...agent.source, name: 'other' } })],
  ['the scenario’s name', inExercise({ name: 'other' })],
  ['a warning', inExercise({ warnings: ['other'] })],
  ['keys themselves', { ...run, keys: { run: digestOf('x'), grade: digestOf('y') } }],
]

const known = keysOf(run, around)
describe('keys change with exactly what they cover', () => {
  test.each(both)('run and grade: %s', (_, changed, where = around) => {
    const { run: runKey, grade } = keysOf(changed, where)
    expect([runKey === known.run, grade === known.grade]).toEqual([false, false])
  })
  test.each(gradeOnly)('grade alone: %s', (_, changed, where = around) => {
    const { run: runKey, grade } = keysOf(changed, where)
    expect([runKey === known.run, grade === known.grade]).toEqual([true, false])
  })
  test.each(neither)('neither: %s', (_, changed, where = around) => {
    expect(keysOf(changed, where)).toEqual(known)
  })

  test('no two changes lead to the same key', () => {
    const grades = [...both, ...gradeOnly].map(([, changed, where = around]) => keysOf(changed, where).grade)
    expect(new Set(grades).size).toBe(grades.length)
  })

  test('a copy that went through JSON has the same', () => {
    expect(keysOf(JSON.parse(JSON.stringify(run)), around)).toEqual(known)
  })

  test('every field of a run is in this table', () => {
    const fields = (value: object) => Object.keys(value).sort()
    expect(fields(run)).toEqual(['agent', 'attempt', 'epoch', 'eval', 'id', 'judge', 'keys', 'limits', 'sample', 'side'])
    expect(fields(agent)).toEqual(['concurrencyCap', 'environment', 'slug', 'source', 'start'])
    expect(fields(agent.environment)).toEqual(['env', 'network', 'recipe', 'resources', 'sudo'])
    expect(fields(sample)).toEqual(['exercise', 'from', 'id', 'input', 'scorers', 'user'])
    expect(fields(exercise)).toEqual([
      'editable',
      'environment',
      'grading',
      'hooks',
      'name',
      'pinned',
      'protected',
      'setup',
      'warnings',
      'workspace',
    ])
  })
})
