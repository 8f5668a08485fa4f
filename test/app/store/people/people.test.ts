import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Nouns } from '../../../../app/store/open.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakePlan } from '../../../fakes/plans.ts'
import { fakeResult } from '../../../fakes/results.ts'
import { freshId, running, someBlob } from '../../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../../support/stores.ts'

describe.each(engines)('what people say, in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  const sample = { agent: 'fixer', eval: 'parser', sample: 'quoted-comma' }
  const feedback = (repoId: number, more = {}) => ({
    repoId,
    runId: 'fixer-parser-quoted-comma-e1',
    agent: 'fixer',
    eval: 'parser',
    sampleId: 'quoted-comma',
    rating: 'fail' as const,
    body: 'it \0 deletes the header',
    author: 'octocat',
    authorId: 1,
    trusted: true,
    url: 'https://github.com/acme/orders/pull/1#issuecomment-1',
    key: `comment:${freshId()}`,
    ...more,
  })

  test('counts once a comment, and is found by its sample, in its own repository alone', async () => {
    const repoId = freshId()
    const said = feedback(repoId)
    expect(await store.feedback.add(said)).toBe(true)
    expect(await store.feedback.add({ ...said, rating: 'pass' })).toBe(false)
    expect(await store.feedback.add(feedback(freshId()))).toBe(true)
    const kept = { ...said, body: 'it \ufffd deletes the header', createdAt: expect.any(Date) }
    expect(await store.feedback.ofSample(repoId, sample)).toMatchObject([kept])
    expect(await store.feedback.ofSample(repoId, { ...sample, sample: 'crlf-rows' })).toEqual([])
  })

  test('is shown in a later report on that sample', async () => {
    const repoId = freshId()
    await store.feedback.add(feedback(repoId))
    await store.feedback.add(feedback(repoId, { sampleId: 'not-in-this-plan' }))
    await store.feedback.add(feedback(freshId()))
    const { id } = await running(store, { repoId })
    expect(await store.feedback.forEvaluation(id)).toMatchObject([{ repoId, sampleId: 'quoted-comma' }])
  })

  test('is exported page by page, each once', async () => {
    const repoId = freshId()
    const at = new Date('2026-11-21T08:00:00Z')
    for (let index = 0; index < 7; index++)
      await store.feedback.add(feedback(repoId, { createdAt: at, rating: 'none', runId: null, agent: null }))
    const seen: string[] = []
    for (
      let page = await store.feedback.page(repoId, undefined, 3);
      page.length > 0;
      page = await store.feedback.page(repoId, page.at(-1), 3)
    )
      seen.push(...page.map(({ id }) => id))
    expect(new Set(seen).size).toBe(7)
    expect(seen).toHaveLength(7)
  })

  test('expected artifacts come once a file of a comment, and are there for the next run of their sample', async () => {
    const repoId = freshId()
    const artifact = {
      repoId,
      runId: 'fixer-parser-quoted-comma-e1',
      agent: 'fixer',
      eval: 'parser',
      sampleId: 'quoted-comma',
      name: 'answer.json',
      blob: someBlob,
      author: 'octocat',
      authorId: 1,
      url: 'https://github.com/acme/orders/pull/1#issuecomment-2',
      key: 'comment:2:answer.json',
    }
    expect(await store.expected.add(artifact)).toBe(true)
    expect(await store.expected.add(artifact)).toBe(false)
    expect(await store.expected.ofSample(repoId, sample)).toMatchObject([{ ...artifact, digest: someBlob.digest }])
    const { id } = await running(store, { repoId })
    const { id: other } = await running(store)
    expect(await store.expected.forEvaluation(id)).toMatchObject([{ name: 'answer.json', blob: someBlob }])
    expect(await store.expected.forEvaluation(other)).toEqual([])
  })

  test('a sample is put into quarantine and taken out of it', async () => {
    const repoId = freshId()
    const by = { author: 'octocat', url: 'https://github.com/acme/orders/issues/1' }
    expect(await store.quarantine.put(repoId, sample, by)).toBe(true)
    expect(await store.quarantine.put(repoId, sample, by)).toBe(false)
    expect(await store.quarantine.of(repoId)).toMatchObject([{ sampleId: 'quoted-comma', author: 'octocat' }])
    expect(await store.quarantine.lift(repoId, sample)).toBe(true)
    expect(await store.quarantine.lift(repoId, sample)).toBe(false)
    expect(await store.quarantine.of(repoId)).toEqual([])
  })

  test('a baseline is what a head scored when somebody accepted it, and the next one takes its place', async () => {
    const repoId = freshId()
    const plan = fakePlan({ samples: 3, base: true, epochs: 2 })
    const runs = plan.batches[0]?.runs ?? []
    const stories = ['pass', 'tests-fail', 'sandbox-lost'] as const
    const samples = [...new Set(runs.map((run) => run.sample.id))]
    const { id } = await running(store, { repoId })
    for (const run of runs)
      await store.results.insert(id, await fakeResult(run, memoryBlobs(), stories[samples.indexOf(run.sample.id)] ?? 'pass'))
    expect(await store.baselines.accept(id, 'octocat')).toBe(2)
    const first = await store.baselines.of(repoId, 'fixer', 'parser')
    const head = (sampleId: string) => runs.find((run) => run.sample.id === sampleId && run.side === 'head' && run.epoch === 1)
    expect(first.map(({ sampleId, runId, key, acceptedBy }) => [sampleId, runId, key, acceptedBy])).toEqual(
      samples
        .slice(0, 2)
        .toSorted()
        .map((sampleId) => [sampleId, head(sampleId)?.id, head(sampleId)?.keys.grade, 'octocat']),
    )
    const { id: next } = await running(store, { repoId })
    const [run] = runs
    if (run) await store.results.insert(next, await fakeResult(run, memoryBlobs()))
    expect(await store.baselines.accept(next, 'hubot')).toBe(1)
    expect((await store.baselines.of(repoId, 'fixer', 'parser')).map(({ evaluationId }) => evaluationId).toSorted()).toEqual(
      [id, next].toSorted(),
    )
  })
})
