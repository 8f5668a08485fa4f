import { expect, it } from 'vitest'
import { brief, taskInput } from '../../../runner/run/describe-task.ts'
import { fakeExercise, fakeRun } from '../../fakes/runs.ts'

const turn = { id: 'turn-1', user: 'Fix it.' }

it('task_input has every key of the contract', () => {
  const run = fakeRun({ id: 'run-7', user: 'Fix it.', input: { order: '4521' } })
  expect(taskInput(run, turn)).toEqual({
    user_instruction: 'Fix it.',
    latest_user_prompt: 'Fix it.',
    input: { order: '4521' },
    session_id: 'run-7',
    turn_id: 'turn-1',
    messages: [],
    scenario_state: {},
  })
})

it('workspace is there on coding runs, with the setup that is the agent’s to do', () => {
  const setup = { mode: 'agent', text: 'npm ci' } as const
  expect(taskInput(fakeRun({ exercise: fakeExercise({ setup }) }), turn).workspace).toEqual({
    cwd: '/home/user/workspace',
    setup_mode: 'agent',
    setup_instructions: 'npm ci',
  })
  expect(taskInput(fakeRun({ exercise: fakeExercise() }), turn).workspace).toEqual({
    cwd: '/home/user/workspace',
    setup_mode: null,
    setup_instructions: null,
  })
})

it('the brief is the instruction, and what a command could not know otherwise', () => {
  expect(brief(fakeRun(), 'Fix it.')).toBe('Fix it.\n')
  const setup = { mode: 'agent', text: 'npm ci' } as const
  const full = brief(fakeRun({ input: { order: 4521 }, exercise: fakeExercise({ setup }) }), 'Fix it.')
  expect(full).toMatch(/^Fix it\.\n/)
  expect(full).toContain('npm ci')
  expect(full).toContain('"order": 4521')
  expect(brief(fakeRun({ exercise: fakeExercise({ setup: { mode: 'platform', text: 'make' } }) }), 'Fix it.')).toBe('Fix it.\n')
})
