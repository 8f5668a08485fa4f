import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { conclude } from '../../../app/jobs/conclude.ts'
import { publish } from '../../../app/jobs/publish.ts'
import { reconcile } from '../../../app/jobs/reconcile.ts'
import { ProctorError } from '../../../runner/domain/error.ts'
import { first } from '../../support/github/faults.ts'
import { checksAreDown, openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
}, 60_000)
afterAll(async () => {
  expect(stage.hub.violations).toEqual([])
  await stage[Symbol.asyncDispose]()
})
const healing: (() => void)[] = []
afterEach(() => {
  for (const heal of healing.splice(0)) heal()
})
const fault = (plan: Parameters<Stage['hub']['fault']>[0]) => {
  const heal = stage.hub.fault(plan)
  healing.push(heal)
  return heal
}
const show = ({ id }: { readonly id: string }) => publish(id, stage.world)
const look = () => reconcile(stage.world, { stillMs: 0 })

describe('a verdict that GitHub does not take', () => {
  test('is tried again when all tries of its job are used up, of a push too, and as seldom as it has not worked for long', async () => {
    const push = await stage.asks()
    const heal = fault(checksAreDown)
    const run = await stage.plans(push)
    await run.ends()
    await conclude(push.id, stage.world)
    await expect(show(push)).rejects.toThrow('502')
    await stage.useUp('publish')
    await look()
    expect(await stage.jobs(push, 'publish'), 'it failed a moment ago').toBe(0)
    await stage.passTime()
    await look()
    expect(await stage.jobs(push, 'publish')).toBe(1)
    await look()
    expect(await stage.jobs(push, 'publish')).toBe(1)
    heal()
    await stage.useUp('publish')
    await show(push)
    expect(await stage.shown(push)).toEqual({ proctor: 'success', 'proctor / fixer / parser': 'success' })
    await look()
    expect(await stage.jobs(push, 'publish'), 'all is shown').toBe(0)
    expect(await stage.query('SELECT 1 FROM proctor.troubles WHERE evaluation_id = $1', [push.id])).toEqual([])
  })

  test('is given up when GitHub itself would have given it up, with its letters', async () => {
    const push = await stage.asks({ kind: 'pull_request', pull: 1 })
    fault(checksAreDown)
    const run = await stage.plans(push)
    await run.ends()
    await conclude(push.id, stage.world)
    await expect(show(push)).rejects.toThrow('502')
    await stage.passTime(13)
    await expect(show(push)).rejects.toThrow('502')
    expect(await stage.store.outbox.due(push.id)).toHaveLength(1)
    await stage.passTime(2)
    await show(push)
    await stage.useUp('publish')
    await look()
    expect(await stage.jobs(push, 'publish')).toBe(0)
    const letters = await stage.query('SELECT state, error FROM proctor.outbox WHERE evaluation_id = $1', [push.id])
    expect(letters).toEqual([{ state: 'gone', error: expect.stringContaining('it did not work for 14 days: GitHub answered 502') }])
  })

  test('and what was begun before it failed is known, and begun once', async () => {
    const push = await stage.asks()
    const run = await stage.plans(push, { evals: ['parser', 'writer'] })
    const posts = ({ method, route }: { method: string; route: string }) => method === 'POST' && route.includes('check-runs')
    fault(first(1, (request) => posts(request) && request.json.name === 'proctor / fixer / writer', { cut: 'before' }))
    fault(({ route, method, json }) =>
      method === 'POST' && route.includes('check-runs') && json.name === 'proctor / fixer / writer' ? { cut: 'before' } : undefined,
    )
    await expect(show(push)).rejects.toThrow()
    expect((await stage.store.checkRuns.of(push.id)).map(({ name }) => name)).toEqual(['proctor', 'proctor / fixer / parser'])
    for (const heal of healing.splice(0)) heal()
    await run.ends()
    await conclude(push.id, stage.world)
    await show(push)
    expect(await stage.hub.checkRuns(stage.name, push.headSha)).toHaveLength(3)
  })
})

describe('what can be shown to nobody any more', () => {
  test('where the App is not installed any more, is ended here', async () => {
    const push = await stage.asks({ kind: 'pull_request', pull: 1 })
    const run = await stage.plans(push)
    await show(push)
    await run.ends()
    await conclude(push.id, stage.world)
    await stage.query('UPDATE proctor.repos SET removed_at = now() WHERE id = $1', [stage.repo.id])
    try {
      await show(push)
    } finally {
      await stage.query('UPDATE proctor.repos SET removed_at = NULL WHERE id = $1', [stage.repo.id])
    }
    await stage.useUp('publish')
    await look()
    expect(await stage.jobs(push, 'publish')).toBe(0)
    expect((await stage.store.checkRuns.of(push.id)).map(({ status }) => status)).toEqual(['given_up', 'given_up'])
    const why = 'the App is not installed at the repository any more'
    expect(await stage.query('SELECT state, error FROM proctor.outbox WHERE evaluation_id = $1', [push.id])).toEqual([
      { state: 'gone', error: why },
    ])
  })

  test('while an installation is suspended, comes back later each time', async () => {
    const push = await stage.asks({ kind: 'pull_request', pull: 1 })
    const run = await stage.plans(push)
    await run.ends()
    await conclude(push.id, stage.world)
    const clients = {
      ...stage.world.clients,
      of: () => Promise.reject(new ProctorError('github_refused', 'the installation is suspended')),
    }
    const waits: number[] = []
    for (const hours of [0, 1, 24]) {
      await stage.query(`UPDATE proctor.troubles SET since = now() - $1 * interval '1 hour' WHERE evaluation_id = $2`, [hours, push.id])
      await expect(publish(push.id, { ...stage.world, clients })).rejects.toThrow('suspended')
      const [row] = await stage.query<{ wait: number }>(
        'SELECT extract(epoch FROM not_before - now())::float8 AS wait FROM proctor.troubles WHERE evaluation_id = $1',
        [push.id],
      )
      waits.push(Math.round(row?.wait ?? 0))
    }
    expect(waits).toEqual([15, 900, 3600])
    await stage.useUp('publish')
    await look()
    expect(await stage.jobs(push, 'publish')).toBe(0)
    await show(push)
    expect(await stage.shown(push)).toMatchObject({ proctor: 'success' })
  })
})

describe('an evaluation of a fork', () => {
  const waits = async () => {
    const fork = await stage.asks({ trust: 'fork', state: 'waiting', pull: 7, pullAuthor: 'stranger', kind: 'pull_request' })
    await show(fork)
    expect(await stage.shown(fork)).toEqual({ proctor: 'action_required' })
    return { ...fork, asking: (await stage.aggregate(fork)).id }
  }
  const approve = ({ id, headSha: sha }: { readonly id: string; readonly headSha: string }) =>
    stage.store.evaluations.approve({ id, sha, by: 'octocat', withCredentials: false })

  test('that was approved is queued, and is shown so at once', async () => {
    const fork = await waits()
    await stage.useUp('publish')
    await approve(fork)
    expect(await stage.jobs(fork, 'publish')).toBe(1)
    await show(fork)
    expect(await stage.shown(fork)).toEqual({ proctor: 'queued' })
    expect((await stage.aggregate(fork)).id, 'GitHub does not let a completed one be queued again').not.toBe(fork.asking)
  })

  test.each([
    ['seen as queued in between', true],
    ['never seen in between', false],
  ])('whose plan is refused says so, with the line, %s', async (_, isSeen) => {
    const fork = await waits()
    await approve(fork)
    if (isSeen) await show(fork)
    const broken = { code: 'config_invalid', message: 'naem is not known', place: { file: 'agents/hello/agent.yaml', line: 3 } } as const
    expect(await stage.store.trees.refused(fork.id, broken)).toBe(true)
    await conclude(fork.id, stage.world)
    await show(fork)
    const { id, conclusion, output } = await stage.aggregate(fork)
    expect(conclusion).toBe('action_required')
    expect(`${output.title} ${output.summary}`).toMatch(/agents\/hello\/agent\.yaml:3/)
    expect(id).not.toBe(fork.asking)
    const last = stage
      .writes(0)
      .filter(({ json }) => json.conclusion === 'action_required')
      .at(-1)
    expect(last?.json.actions, 'there is nothing to approve any more').toBeUndefined()
    const at = stage.hub.requests.length
    await show(fork)
    expect(stage.writes(at), 'it says that already').toEqual([])
  })

  test('that is cancelled while it waits, is cancelled', async () => {
    const fork = await waits()
    await stage.store.evaluations.cancel(fork.id, 'the pull request was closed')
    await show(fork)
    expect(await stage.shown(fork)).toEqual({ proctor: 'cancelled' })
  })

  test('that is cancelled for another look at the same commit is not put before that', async () => {
    const fork = await waits()
    const again = await stage.asks({ headSha: fork.headSha })
    await show(again)
    await stage.store.evaluations.cancel(fork.id, 'superseded')
    await show(fork)
    expect(await stage.shown(fork)).toEqual({ proctor: 'queued' })
  })
})

describe('while an evaluation goes on', () => {
  test('only what changed is written, and nothing goes back to less than it said', async () => {
    const push = await stage.asks()
    const evals = Array.from({ length: 6 }, (_, at) => `eval-${at}`)
    const run = await stage.plans(push, { evals, samples: 2 })
    await show(push)
    expect(Object.keys(await stage.shown(push))).toHaveLength(7)
    let at = stage.hub.requests.length
    await show(push)
    expect(stage.writes(at)).toEqual([])
    await run.come(1)
    await show(push)
    const written = stage.writes(at).map(({ json }) => json)
    expect(written).toEqual([{ output: expect.objectContaining({ title: expect.stringContaining('1 of 2') }) }])
    await run.ends()
    await conclude(push.id, stage.world)
    at = stage.hub.requests.length
    await show(push)
    expect(stage.writes(at)).toHaveLength(7)
    expect(new Set(Object.values(await stage.shown(push)))).toEqual(new Set(['success']))
    at = stage.hub.requests.length
    await show(push)
    expect(stage.writes(at)).toEqual([])
  })

  test('nothing is completed before there is a verdict', async () => {
    const push = await stage.asks()
    const run = await stage.plans(push)
    await run.ends()
    expect(await stage.store.evaluations.find(push.id)).toMatchObject({ state: 'concluding' })
    await show(push)
    expect(await stage.shown(push)).toEqual({ proctor: 'in_progress', 'proctor / fixer / parser': 'in_progress' })
    await stage.store.evaluations.cancel(push.id, 'enough')
    await conclude(push.id, stage.world)
    await show(push)
    expect(await stage.shown(push)).toEqual({ proctor: 'cancelled', 'proctor / fixer / parser': 'cancelled' })
  })
})
