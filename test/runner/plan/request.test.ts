import { describe, expect, test } from 'vitest'
import type { PlanRequest } from '../../../runner/plan/make-plan.ts'
import { type Change, changed, pullPlan, pushPlan } from '../../support/pull.ts'
import { repository } from '../../support/repository.ts'

const config = String(repository['.github/proctor.yml'])
const push = async (request: Partial<PlanRequest> = {}, change: Change = {}) =>
  (await pushPlan(changed(repository, change), request as Parameters<typeof pushPlan>[1])).plan

describe('what whoever asks says', () => {
  test('of the gate has the last word, key by key', async () => {
    const gates = (await push({ gate: { min_pass_rate: 0.25, min_trust: 'in-process', max_cost_usd: 3 } })).batches.map(({ gate }) => gate)
    expect(gates).toEqual(
      Array.from({ length: 3 }, () => ({ minPassRate: 0.25, noRegressions: true, minTrust: 'in-process', maxCostUsd: 3 })),
    )
    expect((await push({ gate: { no_regressions: false } })).batches.map(({ gate }) => gate)).toEqual([
      { minPassRate: 0.9, noRegressions: false },
      { minPassRate: 0.9, noRegressions: false },
      { minPassRate: 1, noRegressions: false },
    ])
  })

  test.each<[asked: number | undefined, written: string, expected: number | undefined]>([
    [undefined, 'budget: {cost_usd: 5}', 5],
    [2, 'budget: {cost_usd: 5}', 2],
    [50, 'budget: {cost_usd: 5}', 5],
    [2, 'budget: {wall_s: 60}', 2],
    [undefined, 'budget: {wall_s: 60}', undefined],
  ])('of a budget allows no more than the configuration: %s and %s', async (asked, written, expected) => {
    const { budget } = await push(asked === undefined ? {} : { budgetUsd: asked }, {
      '.github/proctor.yml': config.replace('budget: {cost_usd: 5}', written),
    })
    expect(budget.costUsd).toBe(expected)
    expect(budget.wallMs).toBe(written.includes('wall_s') ? 60_000 : undefined)
  })

  test('of what made it ask is kept with the commits', async () => {
    const { trigger, batches } = await push()
    expect(trigger).toEqual({
      kind: 'push',
      repo: 'acme/agents',
      ref: 'main',
      head: { sha: 'c'.repeat(40), files: expect.objectContaining({ name: 'files.json' }) },
    })
    expect(batches.map(({ commit }) => commit)).toEqual(batches.map(() => 'c'.repeat(40)))
    const { plan, world } = await pullPlan(repository, repository)
    expect(plan.trigger).toMatchObject({
      kind: 'pull_request',
      pull: 7,
      ref: 'topic',
      head: { sha: 'b'.repeat(40) },
      base: { sha: 'a'.repeat(40) },
    })
    for (const tree of [plan.trigger.head, plan.trigger.base])
      expect(tree && JSON.parse(world.blobs.bytes(tree.files).toString()).map(({ file }: { file: string }) => file)).toContain(
        'agents/talk/agent.yaml',
      )
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  })
})

test.each<[written: string, expected: unknown]>([
  ['', undefined],
  ['comment: never\n', { comment: 'never' }],
  ['release: {on_failure: prerelease}\n', { onReleaseFailure: 'prerelease' }],
  ['release: {}\ncomment: always\n', { comment: 'always', onReleaseFailure: 'comment' }],
])('how the repository wants results shown is in the plan: %j', async (written, expected) => {
  expect((await push({}, { '.github/proctor.yml': config.replace('comment: changes\n', written) })).publishing).toEqual(expected)
})

describe('the name of a plan', () => {
  const head = changed(repository, { 'agents/talk/main.py': 'x\n' })
  const pull = async (request: Parameters<typeof pullPlan>[2] = {}, files = head) => (await pullPlan(repository, files, request)).plan.id
  test('covers all that decides', async () => {
    const fresh = changed(head, { 'agents/talk/evals/answers.csv': 'id,user,expected\nnew,Hi,yes\n' })
    const ids = await Promise.all([
      pull(),
      pull({ compare: 'all' }),
      pull({ compare: 'none' }),
      pull({ gate: { min_pass_rate: 0 } }),
      pull({ budgetUsd: 1 }),
      pull({ epochs: 3 }),
      pull({ shards: { of: 2, durations: () => undefined } }),
      pull({ shards: { of: 3, durations: () => undefined } }),
      pull({ proposals: true }, fresh),
      pull({ version: '2.0.0' }),
      pull({ judge: 'openai/x' }),
      pull({}, repository),
    ])
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('does not cover who asks, nor how it is shown', async () => {
    const trigger = { kind: 'pull_request', repo: 'other/fork', head: 'd'.repeat(40), base: 'e'.repeat(40) } as const
    expect(await pull({ trigger })).toBe(await pull())
    expect(await pull({}, changed(head, { 'README.md': 'x\n' }))).toBe(await pull())
    expect(await pull({ proposals: true })).toBe(await pull())
  })
})
