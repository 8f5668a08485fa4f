import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Nouns } from '../../../app/store/open.ts'
import { asked, claimed, freshId, planning, running, someBlob, somePlan, workerFor } from '../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../support/stores.ts'

describe.each(engines)('evaluations in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())
  const stateOf = async (id: string) => (await store.evaluations.find(id))?.state

  describe('what is asked for', () => {
    test('is made once: push, tag and release of one commit are the same work', async () => {
      const one = asked({ dedupe: 'commit:abc', request: { evals: ['a_b'], rerun: { of: 'x', anew: 'failed' } } })
      const first = await store.evaluations.create(one)
      expect(first).toMatchObject({ made: true, evaluation: { ...one, state: 'queued', note: null, planId: null } })
      const again = await store.evaluations.create({ ...one, kind: 'tag', tag: 'v1' })
      expect(again).toMatchObject({ made: false, evaluation: { id: first.evaluation.id, kind: 'push' } })
      expect((await store.evaluations.create({ ...one, repoId: freshId() })).made).toBe(true)
    })

    test('is made once, however many ask at the same time', async () => {
      const one = asked({ supersedes: 'push:main' })
      const made = await Promise.all(Array.from({ length: 8 }, () => store.evaluations.create(one)))
      expect(made.filter(({ made }) => made)).toHaveLength(1)
      expect(new Set(made.map(({ evaluation }) => evaluation.id)).size).toBe(1)
      expect(await stateOf(made[0]?.evaluation.id ?? '')).toBe('queued')
    })

    test('has its trees fetched, unless somebody must approve it first', async () => {
      const before = (await store.queue.depth('fetch')).waiting
      await store.evaluations.create(asked())
      const { evaluation } = await store.evaluations.create(asked({ state: 'waiting', trust: 'fork' }))
      expect((await store.queue.depth('fetch')).waiting).toBe(before + 1)
      const approval = { id: evaluation.id, sha: evaluation.headSha, by: 'maintainer', withCredentials: true }
      expect(await store.evaluations.approve({ ...approval, sha: `${evaluation.headSha}0` })).toBe(false)
      expect(await store.evaluations.approve(approval)).toBe(true)
      expect(await store.evaluations.approve(approval)).toBe(false)
      expect((await store.queue.depth('fetch')).waiting).toBe(before + 2)
      expect(await store.evaluations.find(evaluation.id)).toMatchObject({
        state: 'queued',
        approvedBy: 'maintainer',
        approvedWithCredentials: true,
      })
    })

    test('can be found by its commit and its key, in its own repository alone', async () => {
      const one = asked({ supersedes: 'pull:12', pull: 12 })
      const { evaluation } = await store.evaluations.create(one)
      await store.evaluations.create({ ...one, repoId: freshId() })
      expect((await store.evaluations.ofCommit(one.repoId, one.headSha)).map(({ id }) => id)).toEqual([evaluation.id])
      expect((await store.evaluations.withKey(one.repoId, 'pull:12')).map(({ id }) => id)).toEqual([evaluation.id])
      expect((await store.evaluations.live()).map(({ id }) => id)).toContain(evaluation.id)
    })
  })

  describe('what a new commit supersedes', () => {
    test('is cancelled with its jobs, and shown', async () => {
      const repoId = freshId()
      const { id, worker } = await running(store, { repoId, supersedes: 'pull:1', chunks: 3 })
      const held = await claimed(store, worker)
      await opened.query(`DELETE FROM pgboss.job WHERE name = 'publish'`)
      const next = await store.evaluations.create(asked({ repoId, supersedes: 'pull:1', headSha: 'feed' }))
      expect(next.superseded).toEqual([id])
      expect(await store.evaluations.find(id)).toMatchObject({ state: 'cancelled', note: 'superseded by feed' })
      const shown = await opened.query(`SELECT data ->> 'evaluation' AS id FROM pgboss.job WHERE name = 'publish'`)
      expect(shown).toEqual(expect.arrayContaining([{ id }, { id: next.evaluation.id }]))
      expect(await store.claims.beat(held)).toBe(false)
      expect(await store.chunks.finish(held)).toBe(false)
      expect(await store.claims.next({ worker, waitMs: 0 })).toBeUndefined()
      expect(await stateOf(next.evaluation.id)).toBe('queued')
    })

    test('is only what has the same key in the same repository, and has not ended', async () => {
      const repoId = freshId()
      const { evaluation: other } = await store.evaluations.create(asked({ repoId, supersedes: 'pull:2' }))
      const { evaluation: ended } = await store.evaluations.create(asked({ repoId, supersedes: 'pull:1' }))
      await store.evaluations.giveUp(ended.id, 'gone')
      expect((await store.evaluations.create(asked({ repoId, supersedes: 'pull:1' }))).superseded).toEqual([])
      expect([await stateOf(other.id), await stateOf(ended.id)]).toEqual(['queued', 'failed'])
    })

    test('is never the newer one: a delivery that comes late is born cancelled', async () => {
      const repoId = freshId()
      const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 8, 0, second))
      const newer = await store.evaluations.create(asked({ repoId, supersedes: 'push:main', headSha: 'new', happenedAt: at(9) }))
      const older = await store.evaluations.create(asked({ repoId, supersedes: 'push:main', headSha: 'old', happenedAt: at(3) }))
      expect(older).toMatchObject({ made: true, superseded: [], evaluation: { state: 'cancelled', note: 'superseded by new' } })
      expect(await stateOf(newer.evaluation.id)).toBe('queued')
    })

    test('leaves exactly one alive, however many pushes come at once', async () => {
      const repoId = freshId()
      const pushes = Array.from({ length: 10 }, (_, second) =>
        asked({ repoId, supersedes: 'push:main', headSha: `c${second}`, happenedAt: new Date(Date.UTC(2026, 10, 21, 8, 0, second)) }),
      )
      await Promise.all(pushes.toSorted(() => Math.random() - 0.5).map((push) => store.evaluations.create(push)))
      const all = await store.evaluations.withKey(repoId, 'push:main')
      expect(all.filter(({ state }) => state !== 'cancelled').map(({ headSha }) => headSha)).toEqual(['c9'])
    })
  })

  describe('its states', () => {
    test('go from the trigger to the verdict, each step once', async () => {
      const { evaluation } = await store.evaluations.create(asked())
      const { id, organisation } = evaluation
      expect(await store.evaluations.fetched({ id, head: someBlob, base: { ...someBlob, name: 'base.tar' } })).toBe(true)
      expect(await store.evaluations.fetched({ id, head: someBlob })).toBe(false)
      expect(await store.evaluations.find(id)).toMatchObject({ state: 'planning', headTree: someBlob, baseTree: { name: 'base.tar' } })
      const worker = await workerFor(store, organisation)
      const plan = await claimed(store, worker)
      expect(plan).toMatchObject({ kind: 'plan', evaluation: id, organisation, fence: 0 })
      const gate = { minPassRate: 0.9, noRegressions: true }
      const place = { file: 'evals/parser.csv', line: 2 }
      const samples = [{ id: 's1', place }, { id: 's2' }]
      const own = { eval: 'parser', agent: 'fixer', gate }
      // A change may propose another form of an eval that is there.
      const batches = [
        { ...own, proposed: false, samples },
        { ...own, proposed: true, samples: [...samples, { id: 's3' }] },
      ]
      const planned = { id: somePlan, blob: someBlob, batches, chunks: 2 }
      expect(await store.chunks.planned({ ...plan, fence: 1 }, planned)).toBe(false)
      expect(await store.chunks.planned(plan, planned)).toBe(true)
      expect(await store.chunks.planned(plan, planned)).toBe(false)
      expect(await store.chunks.batches(id)).toMatchObject([
        { ...own, proposed: false, samples: 2 },
        { ...own, proposed: true, samples: 3 },
      ])
      const [first, second] = [await claimed(store, worker), await claimed(store, worker)]
      expect([first.shard, second.shard].toSorted((a, b) => (a?.index ?? 0) - (b?.index ?? 0))).toEqual([
        { index: 0, of: 2 },
        { index: 1, of: 2 },
      ])
      expect(await store.chunks.finish(first)).toBe(true)
      expect(await stateOf(id)).toBe('running')
      expect(await store.chunks.finish(second)).toBe(true)
      expect(await stateOf(id)).toBe('concluding')
      const verdict = { evaluation: id, revision: 3, conclusion: 'success', state: 'done', letters: [] } as const
      const ended = [
        { agent: 'fixer', eval: 'parser', conclusion: 'success' as const },
        { agent: 'fixer', eval: 'parser', proposed: true as const, conclusion: 'failure' as const },
      ]
      const concluded = { ...verdict, batches: ended }
      expect(await store.verdicts.conclude(concluded)).toBe(true)
      expect(await store.verdicts.conclude({ ...concluded, revision: 4 })).toBe(false)
      expect(await store.verdicts.find(id)).toMatchObject({ revision: 3, conclusion: 'success' })
      expect(await store.evaluations.find(id)).toMatchObject({ state: 'done', finishedAt: expect.any(Date) })
      expect(await store.chunks.batches(id)).toMatchObject([{ conclusion: 'success' }, { conclusion: 'failure' }])
    })

    test('an end is never left', async () => {
      const { id, worker } = await running(store)
      const chunk = await claimed(store, worker)
      expect(await store.evaluations.cancel(id, 'somebody said so')).toBe(true)
      expect(await store.evaluations.cancel(id, 'again')).toBe(false)
      expect(await store.evaluations.giveUp(id, 'again')).toBe(false)
      expect(await store.chunks.finish(chunk)).toBe(false)
      expect(await store.chunks.lost({ evaluation: id, index: 0, error: { code: 'sandbox_lost', message: 'x' } })).toBe(false)
      expect(await store.evaluations.fetched({ id, head: someBlob })).toBe(false)
      const concluded = { evaluation: id, revision: 1, conclusion: 'success', state: 'done', batches: [], letters: [] } as const
      expect(await store.verdicts.conclude(concluded)).toBe(false)
      expect(await store.verdicts.find(id)).toBeUndefined()
      expect(await store.evaluations.find(id)).toMatchObject({ state: 'cancelled', note: 'somebody said so' })
    })

    test('a plan that cannot be made concludes with its errors', async () => {
      const { id, organisation } = await planning(store)
      const claim = await claimed(store, await workerFor(store, organisation))
      const errors = [{ code: 'eval_invalid' as never, message: 'no dataset \0', place: { file: 'evals/a.yaml', line: 3, column: 1 } }]
      expect(await store.chunks.refused({ ...claim, fence: 9 }, errors)).toBe(false)
      expect(await store.chunks.refused(claim, errors)).toBe(true)
      expect(await store.evaluations.find(id)).toMatchObject({ state: 'concluding', errors })
    })

    test('a plan with nothing to run concludes at once', async () => {
      const { id } = await running(store, { chunks: 0 })
      expect(await stateOf(id)).toBe('concluding')
    })
  })
})
