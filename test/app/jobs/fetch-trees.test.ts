import { afterAll, beforeAll, expect, test } from 'vitest'
import { conclude } from '../../../app/jobs/conclude.ts'
import { fetchTrees } from '../../../app/jobs/fetch-trees.ts'
import { publish } from '../../../app/jobs/publish.ts'
import { reconcile } from '../../../app/jobs/reconcile.ts'
import type { WebWorld } from '../../../app/web/world.ts'
import { type Fault, faults } from '../../support/github/faults.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
}, 60_000)
afterAll(() => stage?.[Symbol.asyncDispose]())

const look = (now?: number) => reconcile(stage.world, { stillMs: 0, ...(now !== undefined && { now }) })
/** GitHub's archives do not come. */
const noArchive = (fault: Fault) => stage.hub.fault(({ route }) => (route.includes('tarball') ? fault : undefined))
const stateOf = async ({ id }: { readonly id: string }) => (await stage.store.evaluations.find(id))?.state
const told = async (evaluation: { readonly id: string; readonly headSha: string }) => {
  await conclude(evaluation.id, stage.world)
  await publish(evaluation.id, stage.world)
  return stage.aggregate(evaluation)
}

test('a commit that GitHub does not have ends the evaluation, once GitHub has said so twice', async () => {
  const push = await stage.asks()
  const heal = noArchive(faults.missing)
  await fetchTrees(push.id, stage.world)
  expect(await stateOf(push)).toBe('queued')
  await fetchTrees(push.id, stage.world)
  heal()
  expect(await stateOf(push)).toBe('concluding')
  expect(await told(push)).toMatchObject({
    conclusion: 'action_required',
    output: { summary: expect.stringMatching(/commit_gone[\s\S]*Push it again/) },
  })
})

test('a tree that is too large ends it at once', async () => {
  const push = await stage.asks()
  const door: WebWorld['door'] = {
    ...stage.world.door,
    tarball: (github, repo, commit, how) => stage.world.door.tarball(github, repo, commit, { ...how, mostBytes: 20 }),
  }
  await fetchTrees(push.id, { ...stage.world, door })
  expect(await stateOf(push)).toBe('concluding')
  expect(await told(push)).toMatchObject({
    conclusion: 'action_required',
    output: { summary: expect.stringMatching(/tree_too_large[\s\S]*Git LFS/) },
  })
})

test('what may pass is tried again later, and later each time; then it goes on', async () => {
  const push = await stage.asks()
  const heal = noArchive(faults.badGateway)
  await stage.useUp('fetch')
  await fetchTrees(push.id, stage.world)
  await look()
  expect(await stage.jobs(push, 'fetch'), 'it failed a moment ago').toBe(0)
  await stage.passTime()
  await look()
  expect(await stage.jobs(push, 'fetch')).toBe(1)
  heal()
  await fetchTrees(push.id, stage.world)
  expect(await stateOf(push)).toBe('planning')
  expect(await stage.query('SELECT 1 FROM proctor.troubles WHERE evaluation_id = $1', [push.id])).toEqual([])
})

test('a day of patience begins when somebody wants it to go on, not when it was made', async () => {
  const fork = await stage.asks({ trust: 'fork', state: 'waiting', kind: 'pull_request', pull: 9 })
  await stage.query(
    `UPDATE proctor.evaluations SET created_at = now() - interval '3 days', asked_at = now() - interval '3 days' WHERE id = $1`,
    [fork.id],
  )
  await stage.store.evaluations.approve({ id: fork.id, sha: fork.headSha, by: 'octocat', withCredentials: false })
  await stage.useUp('fetch')
  await look()
  expect(await stateOf(fork)).toBe('queued')
  expect(await stage.jobs(fork, 'fetch')).toBe(1)
  await stage.useUp('fetch')
  const heal = noArchive(faults.badGateway)
  await fetchTrees(fork.id, stage.world)
  heal()
  await stage.passTime()
  await look(Date.now() + 25 * 3_600_000)
  expect(await stage.store.evaluations.find(fork.id)).toMatchObject({
    state: 'failed',
    note: expect.stringMatching(/within a day \(.*502/),
  })
})
