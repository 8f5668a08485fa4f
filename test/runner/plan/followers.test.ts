import { expect, test } from 'vitest'
import type { Plan, Run } from '../../../runner/domain/plan.ts'
import { followers } from '../../../runner/plan/followers.ts'
import { fakeExercise, fakeRun } from '../../fakes/runs.ts'

const named = (run: Run, id: string, agent = 'a'): Run => ({ ...run, id, agent: { ...run.agent, slug: agent } })
const plain = ['p1', 'p2', 'p3'].map((id) => named(fakeRun(), id))
const other = named(fakeRun(), 'o1', 'b')
const coding = named(fakeRun({ exercise: fakeExercise() }), 'c1')
// followers reads nothing else of a plan.
const plan = { batches: [{ runs: [...plain, other] }, { runs: [coding] }] } as unknown as Plan

test('counts runs of the same agent and exercise that have not started', () => {
  const more = followers(plan, new Set())
  expect([...plain, other, coding].map(more)).toEqual([2, 1, 0, 0, 0])
})

test('leaves out what is recorded, and a retry asks for no spare', () => {
  const more = followers(plan, new Set(['p1']))
  expect(plain.slice(1).map(more)).toEqual([1, 0])
  expect(plain.map(more)).toEqual([0, 0, 0])
})
