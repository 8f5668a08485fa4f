import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Nouns } from '../../../app/store/open.ts'
import { claimed, freshId, planning, running, workerFor } from '../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../support/stores.ts'

describe.each(engines)('claims in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  const anyWorker = () => store.workers.register({ name: 'any', publicKey: 'key' })
  /** The supervisor's next look, without waiting for it. */
  const unheard = async (job: string) => {
    await opened.query(`UPDATE pgboss.job SET heartbeat_on = now() - interval '1 minute' WHERE id = $1`, [job])
    await expect
      .poll(async () => (await opened.query<{ state: string }>('SELECT state FROM pgboss.job WHERE id = $1', [job]))[0]?.state, {
        timeout: 30_000,
      })
      .not.toBe('active')
    await opened.query('UPDATE pgboss.job SET start_after = now() WHERE id = $1', [job])
  }

  describe('a worker', () => {
    test('gets only jobs of the organisations that it registered for, in any case of letters', async () => {
      const { id, organisation } = await planning(store, { organisation: `acme-${freshId()}` })
      const other = await workerFor(store, `other-${freshId()}`)
      expect(await store.claims.next({ worker: other, waitMs: 400 })).toBeUndefined()
      const worker = await workerFor(store, organisation.toUpperCase())
      expect(await claimed(store, worker)).toMatchObject({ evaluation: id, organisation })
    })

    test('that nobody registered gets nothing', async () => {
      await planning(store)
      expect(await store.claims.next({ worker: randomUUID(), waitMs: 0 })).toBeUndefined()
    })

    test('waits for a job that comes', async () => {
      const organisation = `late-${freshId()}`
      const worker = await workerFor(store, organisation)
      const waiting = store.claims.next({ worker, waitMs: 20_000 })
      const { id } = await planning(store, { organisation })
      expect(await waiting).toMatchObject({ evaluation: id })
    })

    test('stops waiting when it is told to', async () => {
      const worker = await workerFor(store, `none-${freshId()}`)
      const stop = new AbortController()
      const waiting = store.claims.next({ worker, waitMs: 600_000, signal: stop.signal })
      stop.abort()
      expect(await waiting).toBeUndefined()
    })

    test('is seen while it asks', async () => {
      const worker = await anyWorker()
      await opened.query(`UPDATE proctor.workers SET seen_at = now() - interval '1 day' WHERE id = $1`, [worker])
      await store.claims.next({ worker, waitMs: 0 })
      expect((await store.workers.seenSince(new Date(Date.now() - 3_600_000))).map(({ id }) => id)).toContain(worker)
    })
  })

  describe('turns', () => {
    beforeEach(() => opened.query(`DELETE FROM pgboss.job WHERE name IN ('plan', 'chunk')`))

    test('alternate between organisations, however much one has waiting and however urgent it says it is', async () => {
      const [busy, quiet] = [`busy-${freshId()}`, `quiet-${freshId()}`]
      for (let index = 0; index < 6; index++) await planning(store, { organisation: busy, priority: 10 })
      for (let index = 0; index < 2; index++) await planning(store, { organisation: quiet, priority: 0 })
      const worker = await anyWorker()
      const order: string[] = []
      for (let index = 0; index < 8; index++) order.push((await claimed(store, worker)).organisation)
      expect(new Set(order.slice(0, 2))).toEqual(new Set([busy, quiet]))
      expect(new Set(order.slice(2, 4))).toEqual(new Set([busy, quiet]))
      expect(order.slice(4)).toEqual([busy, busy, busy, busy])
    })

    test('go to whoever was served longest ago when nobody has anything in hands', async () => {
      const [first, second] = [`first-${freshId()}`, `second-${freshId()}`]
      for (const organisation of [first, first, first, second, second]) await planning(store, { organisation })
      const worker = await anyWorker()
      const order: string[] = []
      for (let index = 0; index < 4; index++) {
        const claim = await claimed(store, worker)
        order.push(claim.organisation)
        await store.chunks.refused(claim, [])
      }
      expect(order.filter((organisation) => organisation === first)).toHaveLength(2)
      expect(order[0]).not.toBe(order[1])
    })

    test('within one organisation go to the pull request before the push, and to its chunks before a push is planned', async () => {
      const organisation = `one-${freshId()}`
      await planning(store, { organisation, priority: 0 })
      const { id: pull } = await planning(store, { organisation, priority: 10 })
      const worker = await workerFor(store, organisation)
      const plan = await claimed(store, worker)
      expect(plan.evaluation).toBe(pull)
      await store.chunks.planned(plan, { id: 'sha256:1', blob: { digest: 'sha256:1', bytes: 1, name: 'plan' }, batches: [], chunks: 2 })
      expect(await claimed(store, worker)).toMatchObject({ kind: 'chunk', evaluation: pull })
      expect(await claimed(store, worker)).toMatchObject({ kind: 'chunk', evaluation: pull })
      expect(await claimed(store, worker)).toMatchObject({ kind: 'plan' })
    })

    test('never give one job to two, however many ask at once', async () => {
      const organisations = Array.from({ length: 4 }, () => `crowd-${freshId()}`)
      const ids = new Set<string>()
      for (let index = 0; index < 12; index++) ids.add((await planning(store, { organisation: organisations[index % 4] ?? '' })).id)
      const workers = await Promise.all(Array.from({ length: 6 }, anyWorker))
      const claims = await Promise.all(workers.flatMap((worker) => [1, 2].map(() => claimed(store, worker))))
      expect(new Set(claims.map(({ job }) => job)).size).toBe(12)
      expect(new Set(claims.map(({ evaluation }) => evaluation))).toEqual(ids)
    })
  })

  describe('a claim', () => {
    test('holds while it beats, and only the try that it is', async () => {
      const { worker } = await running(store)
      const claim = await claimed(store, worker)
      expect(await store.claims.beat(claim)).toBe(true)
      expect(await store.claims.beat({ ...claim, fence: claim.fence + 1 })).toBe(false)
      expect(await store.claims.beat({ ...claim, job: randomUUID() })).toBe(false)
      expect(await store.claims.beat({ ...claim, kind: 'plan' })).toBe(false)
    })

    test('of whom nobody hears goes to another, and the first can do nothing more', async () => {
      const { id, worker, organisation } = await running(store)
      const stale = await claimed(store, worker)
      await unheard(stale.job)
      const fresh = await claimed(store, await workerFor(store, organisation))
      expect(fresh).toMatchObject({ job: stale.job, fence: stale.fence + 1, shard: { index: 0, of: 1 } })
      expect(await store.claims.beat(stale)).toBe(false)
      expect(await store.claims.fail(stale, { code: 'sandbox_lost', message: 'late' })).toBe(false)
      expect(await store.chunks.finish(stale)).toBe(false)
      expect(await store.claims.want(stale, ['KEY'], 'key')).toBe(false)
      expect(await store.claims.beat(fresh)).toBe(true)
      expect(await store.chunks.finish(fresh)).toBe(true)
      expect((await store.evaluations.find(id))?.state).toBe('concluding')
    }, 90_000)

    test('that the machine failed is tried again, and after the last try goes to the lost', async () => {
      const { id, worker } = await running(store)
      const error = { code: 'sandbox_lost', message: 'the engine \0 went away' } as const
      let claim = await claimed(store, worker)
      const limit = 8
      for (let index = 0; index < limit; index++) {
        expect(await store.claims.fail(claim, error)).toBe(true)
        await opened.query('UPDATE pgboss.job SET start_after = now() WHERE id = $1', [claim.job])
        claim = await claimed(store, worker)
        expect(claim.fence).toBe(index + 1)
      }
      expect(await store.claims.fail(claim, error)).toBe(true)
      expect(await store.claims.next({ worker, waitMs: 300 })).toBeUndefined()
      const lost = Promise.withResolvers<void>()
      await store.queue.work('lost', {}, async ({ data, why }) => {
        if (data.evaluation !== id) return
        expect(data).toEqual({ evaluation: id, index: 0, of: 1 })
        expect(why).toBe('sandbox_lost: the engine \ufffd went away')
        expect(await store.chunks.lost({ evaluation: id, index: 0, error: { ...error, message: String(why) } })).toBe(true)
        lost.resolve()
      })
      await lost.promise
      expect(await store.chunks.of(id)).toMatchObject([{ state: 'lost', note: 'sandbox_lost: the engine \ufffd went away' }])
      expect((await store.evaluations.find(id))?.state).toBe('concluding')
    }, 90_000)

    test('carries what web seals for it, to its holder alone', async () => {
      const { id, worker, organisation } = await running(store)
      const claim = await claimed(store, worker)
      const before = (await store.queue.depth('seal')).waiting
      expect(await store.claims.want(claim, ['OPENAI_API_KEY'], 'public')).toBe(true)
      expect((await store.queue.depth('seal')).waiting).toBe(before + 1)
      expect(await store.claims.wanted(claim)).toEqual({ evaluationId: id, organisation, wanted: ['OPENAI_API_KEY'], publicKey: 'public' })
      expect(await store.claims.sealed(claim)).toBeUndefined()
      await store.claims.seal(claim, { box: 'AAAA' })
      expect(await store.claims.sealed(claim)).toEqual({ box: 'AAAA' })
      expect(await store.claims.sealed({ ...claim, fence: 5 })).toBeUndefined()
    })
  })

  describe('the last chunk', () => {
    test('concludes once, when all end at the same moment', async () => {
      const { id, worker } = await running(store, { chunks: 12 })
      const claims = []
      for (let index = 0; index < 12; index++) claims.push(await claimed(store, worker))
      expect(await Promise.all(claims.map((claim) => store.chunks.finish(claim)))).toEqual(Array(12).fill(true))
      expect((await store.evaluations.find(id))?.state).toBe('concluding')
      const jobs = await opened.query(`SELECT id FROM pgboss.job WHERE name = 'conclude' AND singleton_key = $1`, [id])
      expect(jobs).toHaveLength(1)
    })

    test('may be one that is lost', async () => {
      const { id, worker } = await running(store, { chunks: 2 })
      const claim = await claimed(store, worker)
      const other = claim.shard?.index === 0 ? 1 : 0
      const error = { code: 'sandbox_lost', message: 'gone' } as const
      expect(await store.chunks.lost({ evaluation: id, index: other, error })).toBe(true)
      expect(await store.chunks.lost({ evaluation: id, index: other, error })).toBe(false)
      expect((await store.evaluations.find(id))?.state).toBe('running')
      expect(await store.chunks.finish(claim)).toBe(true)
      expect((await store.evaluations.find(id))?.state).toBe('concluding')
    })

    test('of ten thousand samples comes too', async () => {
      const { id, organisation } = await planning(store)
      const worker = await workerFor(store, organisation)
      const claim = await claimed(store, worker)
      const gate = { minPassRate: 1, noRegressions: false }
      const samples = Array.from({ length: 10_000 }, (_, index) => ({ id: `row-${index}` }))
      const batches = [{ eval: 'big', agent: 'fixer', proposed: false, gate, samples }]
      const plan = { id: 'sha256:1', blob: { digest: 'sha256:1', bytes: 1, name: 'plan' }, batches, chunks: 400 } as const
      expect(await store.chunks.planned(claim, plan)).toBe(true)
      expect(await store.chunks.of(id)).toHaveLength(400)
      const jobs = await opened.query(`SELECT id FROM pgboss.job WHERE name = 'chunk' AND data ->> 'evaluation' = $1`, [id])
      expect(jobs).toHaveLength(400)
      expect(await store.evaluations.cancel(id, 'enough')).toBe(true)
      expect(await store.claims.next({ worker, waitMs: 0 })).toBeUndefined()
    })
  })
})
