import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blobsIn } from '../../../app/store/blob-uses.ts'
import type { Nouns } from '../../../app/store/open.ts'
import type { Digest } from '../../../runner/domain/blob.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakePlan } from '../../fakes/plans.ts'
import { fakeResult } from '../../fakes/results.ts'
import { asked, freshId, running } from '../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../support/stores.ts'

describe.each(engines)('what is kept in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  const keep = { deliveries: 30, evaluations: 90, workers: 7 }
  const plan = fakePlan({ samples: 1 })
  const [run] = plan.batches[0]?.runs ?? []
  if (!run) throw new Error('one run')
  /** Ended so many days ago, with a result and a verdict. */
  const ended = async (days: number, more: Parameters<typeof asked>[0] = {}) => {
    const { id } = await running(store, { ...more, chunks: 0 })
    await store.results.insert(id, await fakeResult(run, memoryBlobs()))
    const letters = [{ kind: 'checks' as const, key: `checks:${freshId()}`, payload: {} }]
    await store.verdicts.conclude({ evaluation: id, revision: 1, conclusion: 'success', state: 'done', batches: [], letters })
    for (const letter of await store.outbox.due(id)) await store.outbox.done(letter.id)
    await opened.query(`UPDATE proctor.evaluations SET finished_at = now() - make_interval(days => $2) WHERE id = $1`, [id, days])
    return id
  }
  const isThere = async (id: string) => (await store.evaluations.find(id)) !== undefined

  test('evaluations go when they are old, with all that hangs on them', async () => {
    const [old, young] = [await ended(91), await ended(89)]
    const swept = await store.retention.sweep(keep)
    expect(swept.evaluations).toBe(1)
    expect([await isThere(old), await isThere(young)]).toEqual([false, true])
    for (const table of ['results', 'scores', 'batches', 'samples', 'verdicts', 'outbox', 'claims', 'blob_uses'])
      expect([table, await opened.query(`SELECT 1 AS left FROM proctor.${table} WHERE evaluation_id = $1`, [old])]).toEqual([table, []])
    expect(await store.results.of(young)).toHaveLength(1)
    expect((await store.retention.sweep(keep)).evaluations).toBe(0)
  })

  test('what has not ended stays, however old, and so does what something points at', async () => {
    const { id: live } = await running(store)
    await opened.query(`UPDATE proctor.evaluations SET created_at = now() - interval '1 year' WHERE id = $1`, [live])
    const baseline = await ended(400)
    await store.baselines.accept(baseline, 'octocat')
    const repoId = freshId()
    const released = await ended(400, { repoId })
    await store.agents.release({ repoId, slug: 'fixer', tag: 'v1', commit: 'abc', evaluationId: released })
    const unsent = await ended(400)
    await store.outbox.post([{ kind: 'comment', key: `comment:${freshId()}`, payload: {}, evaluationId: unsent }])
    await store.retention.sweep(keep)
    for (const id of [live, baseline, released, unsent]) expect(await isThere(id)).toBe(true)
  })

  test('deliveries go when they are old and were dealt with; workers when nobody heard of them', async () => {
    const make = async (days: number) => {
      const id = randomUUID()
      await store.deliveries.receive({ id, event: 'push', bodyDigest: id, body: {} })
      await opened.query('UPDATE proctor.deliveries SET received_at = now() - make_interval(days => $2) WHERE id = $1', [id, days])
      return id
    }
    const [old, open, young] = [await make(31), await make(31), await make(29)]
    await store.deliveries.end(old, 'handled')
    await store.deliveries.end(young, 'ignored')
    const worker = await store.workers.register({ name: 'old', publicKey: 'key' })
    await opened.query(`UPDATE proctor.workers SET seen_at = now() - interval '8 days' WHERE id = $1`, [worker])
    expect(await store.retention.sweep(keep)).toMatchObject({ deliveries: 1, workers: 1 })
    expect(await store.deliveries.known([old, open, young])).toEqual(new Set([open, young]))
    expect(await store.workers.find(worker)).toBeUndefined()
  })

  test('a blob is used as long as an evaluation, a result, a report or a person names it', async () => {
    const blobs = memoryBlobs()
    const put = (text: string) =>
      blobs.put(
        (async function* () {
          yield Buffer.from(text)
        })(),
        text,
      )
    const [head, base, planned, named, report, expected, loose] = await Promise.all(
      ['head', 'base', 'plan', 'named', 'report', 'expected', 'loose'].map((name) => put(`${name} ${freshId()}`)),
    )
    if (!head || !base || !planned || !named || !report || !expected || !loose) throw new Error('seven blobs')
    const one = asked()
    const { evaluation } = await store.evaluations.create(one)
    const { id, organisation } = evaluation
    await store.evaluations.fetched({ id, head, base })
    const worker = await store.workers.register({ name: 'w', organisations: [organisation], publicKey: 'k' })
    const claim = await store.claims.next({ worker, waitMs: 5000 })
    if (!claim) throw new Error('a plan to claim')
    await store.chunks.planned(claim, {
      id: 'sha256:1',
      blob: planned,
      batches: [],
      chunks: 0,
      uses: blobsIn({ runs: [{ agent: { source: named } }] }),
    })
    const result = await fakeResult(run, blobs)
    await store.results.insert(id, result)
    await store.verdicts.conclude({ evaluation: id, revision: 1, conclusion: 'success', state: 'done', batches: [], letters: [], report })
    const artifact = {
      repoId: one.repoId,
      runId: 'r',
      agent: 'fixer',
      eval: 'parser',
      sampleId: 's',
      name: 'a',
      author: 'o',
      authorId: 1,
      url: 'u',
      key: 'k',
    }
    await store.expected.add({ ...artifact, blob: expected })
    const all: Digest[] = [...[head, base, planned, named, report, expected, loose].map(({ digest }) => digest), ...blobsIn(result.record)]
    expect(blobsIn(result.record).length).toBeGreaterThan(1)
    expect(await store.retention.unused(all)).toEqual([loose.digest])
    await opened.query(`UPDATE proctor.evaluations SET finished_at = now() - interval '1 year' WHERE id = $1`, [id])
    await store.retention.sweep(keep)
    // What other evaluations name too is still in use.
    const own = [head, base, planned, named, report, expected].map(({ digest }) => digest)
    expect(new Set(await store.retention.unused(own))).toEqual(new Set(own.filter((digest) => digest !== expected.digest)))
    expect(await store.retention.unused([])).toEqual([])
  })
})
