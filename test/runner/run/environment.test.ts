import { describe, expect, it } from 'vitest'
import type { Layer } from '../../../runner/domain/environment.ts'
import { agentRecipe, gradingRecipe } from '../../../runner/run/environment.ts'
import { fakeEnvironment, fakeExercise, fakeRun } from '../../fakes/runs.ts'

const step = (run: string): Layer => ({ run, as: 'root', network: 'open', blame: 'environment_setup_failed' })
const env = { PLAIN: 'yes', KEY: { credential: 'KEY' } }
const exercise = fakeExercise({
  environment: fakeEnvironment({ recipe: [step('exercise packages')], env }),
  setup: { mode: 'platform', text: 'make deps' },
})
const run = fakeRun({ environment: { recipe: [step('agent packages')] }, exercise })

describe('recipes', () => {
  it("of the agent's sandbox: base, agent, exercise, workspace, setup, baseline", () => {
    const [base, ...layers] = agentRecipe(run)
    expect(base).toEqual({ base: 'proctor-base:latest' })
    expect(layers).toMatchObject([
      { run: 'agent packages' },
      { run: 'exercise packages' },
      { put: exercise.workspace, at: '/home/user/workspace' },
      { run: 'make deps', as: 'user', cwd: '/home/user/workspace', network: 'open', blame: 'workspace_setup_failed' },
      { as: 'user', network: 'none', blame: 'workspace_seed_failed' },
    ])
  })

  it('of grading: the same without anything of the agent', () => {
    expect(gradingRecipe(run)).toEqual(agentRecipe(run).filter((layer) => !('run' in layer && layer.run === 'agent packages')))
    expect(gradingRecipe(fakeRun({ environment: { recipe: [step('agent packages')] } }))).toEqual([{ base: 'proctor-base:latest' }])
  })

  it('hold no credential', () => {
    expect(agentRecipe(run).find((layer) => 'run' in layer && layer.run === 'make deps')).toMatchObject({ env: { PLAIN: 'yes' } })
    expect(JSON.stringify(agentRecipe(run))).not.toContain('KEY')
  })

  it('leave a setup that the agent does to the agent', () => {
    const recipe = gradingRecipe(fakeRun({ exercise: fakeExercise({ setup: { mode: 'agent', text: 'make deps' } }) }))
    expect(JSON.stringify(recipe)).not.toContain('make deps')
  })
})
