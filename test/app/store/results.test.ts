import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Nouns } from '../../../app/store/open.ts'
import { joined } from '../../../app/store/records.ts'
import type { Plan, Run } from '../../../runner/domain/plan.ts'
import type { Result } from '../../../runner/domain/result.ts'
import { type RecordsUnderTest, recordsContract } from '../../contract/records.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakePlan } from '../../fakes/plans.ts'
import { fakeResult } from '../../fakes/results.ts'
import { asked, claimed, freshId, planning, running } from '../../support/asked.ts'
import { engines, freshPlace, type Opened, openAt, openFresh, type Place } from '../../support/stores.ts'

const blobs = memoryBlobs()

describe.each(engines)('records of an evaluation in %s', (engine) => {
  let place: Place
  let opened: Opened
  beforeAll(async () => {
    place = await freshPlace(engine)
    opened = await openAt(place)
  })
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })
  const under = (evaluation: string): RecordsUnderTest => ({
    records: opened.store.records(evaluation),
    blobs,
    async reopen() {
      await opened[Symbol.asyncDispose]()
      opened = await openAt(place)
      return under(evaluation)
    },
    [Symbol.asyncDispose]: async () => {},
  })
  recordsContract(async () => under((await opened.store.evaluations.create(asked())).evaluation.id))
})

describe.each(engines)('results in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  const plan = fakePlan({ samples: 3 })
  const runOf = (from: Plan, index: number): Run => {
    const run = from.batches[0]?.runs[index]
    if (!run) throw new Error('no such run')
    return run
  }

  test('are kept under a claim that holds, and once', async () => {
    const { id, worker } = await running(store)
    const claim = await claimed(store, worker)
    const result = await fakeResult(runOf(plan, 0), blobs)
    expect(await store.results.keep(claim, result)).toBe(true)
    expect(await store.results.keep(claim, { ...result, grade: { ...result.grade, verdict: 'fail' } })).toBe(true)
    expect(await store.results.keep({ ...claim, fence: claim.fence + 1 }, await fakeResult(runOf(plan, 1), blobs))).toBe(false)
    expect(await store.results.of(id)).toMatchObject([{ run: result.run.id, grade: { verdict: 'pass' } }])
    await store.evaluations.cancel(id, 'enough')
    expect(await store.results.keep(claim, await fakeResult(runOf(plan, 2), blobs))).toBe(false)
    expect(await store.results.of(id)).toHaveLength(1)
    expect(joined(plan, await store.results.of(id))).toEqual([result])
  })

  test('say what an agent said, whatever that was', async () => {
    const { id } = await running(store)
    const result = await fakeResult(runOf(plan, 0), blobs)
    const turns = [{ id: 't1', user: 'u', response: 'NUL \0 half \ud83d \u001b[31m', steps: 0 }]
    const scores = result.grade.scores.map((score) => ({ ...score, name: `${score.name}\0` }))
    const hostile: Result = { ...result, record: { ...result.record, turns }, grade: { ...result.grade, scores } }
    await store.results.insert(id, hostile)
    expect(joined(plan, await store.results.of(id))).toEqual([hostile])
  })

  test('have their verdict and scores beside them, to be counted', async () => {
    const { id } = await running(store)
    const stories = ['pass', 'tests-fail', 'sandbox-lost'] as const
    for (const [index, story] of stories.entries()) await store.results.insert(id, await fakeResult(runOf(plan, index), blobs, story))
    expect(await store.results.counts(id)).toEqual({ pass: 1, fail: 1, unscored: 1 })
    const scores = await opened.query('SELECT name, status, required FROM proctor.scores WHERE evaluation_id = $1 AND run_id = $2', [
      id,
      runOf(plan, 1).id,
    ])
    expect(scores).toContainEqual({ name: 'tests', status: 'FAIL', required: true })
    const [lost] = await opened.query('SELECT code, reusable FROM proctor.results WHERE evaluation_id = $1 AND run_id = $2', [
      id,
      runOf(plan, 2).id,
    ])
    expect(lost).toEqual({ code: 'sandbox_lost', reusable: false })
  })

  describe('of the default branch', () => {
    const kept = async (more: Parameters<typeof asked>[0], story: 'pass' | 'sandbox-lost' | 'judge-broken' = 'pass') => {
      const { id } = await running(store, more)
      const result = await fakeResult(runOf(plan, 0), blobs, story)
      await store.results.insert(id, result)
      return { id, result }
    }
    const keys = runOf(plan, 0).keys

    test('are found by both keys, with where they came from', async () => {
      const repoId = freshId()
      const { result } = await kept({ repoId, headSha: 'beef' })
      const { record, grade } = result
      const found = { record, grade, origin: { plan: expect.stringMatching(/^sha256:/), commit: 'beef' } }
      expect(await store.results.earlier(repoId, keys)).toEqual(found)
      expect(await store.results.earlier(repoId, { ...keys, grade: runOf(plan, 1).keys.grade })).toBeUndefined()
      expect(await store.results.earlier(repoId, { ...keys, run: runOf(plan, 1).keys.run })).toBeUndefined()
    })

    test.each([
      ['a pull request', { defaultBranch: false, kind: 'pull_request' }],
      ['a fork', { trust: 'fork' }],
    ] as const)('are never those of %s', async (_, more) => {
      const repoId = freshId()
      await kept({ repoId, ...more })
      expect(await store.results.earlier(repoId, keys)).toBeUndefined()
    })

    test('are never those of another repository, nor of what could not be scored', async () => {
      const repoId = freshId()
      await kept({ repoId: freshId() })
      await kept({ repoId }, 'sandbox-lost')
      await kept({ repoId }, 'judge-broken')
      expect(await store.results.earlier(repoId, keys)).toBeUndefined()
    })

    test('tell how a sample went before, the newest first', async () => {
      const repoId = freshId()
      await kept({ repoId, headSha: 'one' })
      await kept({ repoId, headSha: 'two' })
      await kept({ repoId, headSha: 'pull', defaultBranch: false })
      const { agent, eval: title, sample } = runOf(plan, 0)
      const history = await store.results.history(repoId, { agent: agent.slug, eval: title, sample: sample.id })
      expect(history.map(({ headSha, verdict }) => [headSha, verdict])).toEqual([
        ['two', 'pass'],
        ['one', 'pass'],
      ])
    })
  })

  test('of another repository say nothing under their id here', async () => {
    const { id } = await planning(store, { repoId: freshId() })
    const repoId = freshId()
    const { id: own } = await planning(store, { repoId })
    const result = await fakeResult(runOf(plan, 0), blobs)
    await store.results.insert(id, result)
    expect(await store.results.run(repoId, result.run.id)).toBeUndefined()
    await store.results.insert(own, result)
    expect(await store.results.run(repoId, result.run.id)).toMatchObject({ evaluationId: own, agent: 'fixer', verdict: 'pass' })
  })
})
