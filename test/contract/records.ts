import { expect, test } from 'vitest'
import type { Blobs, Records } from '../../runner/seams/records.ts'
import { fakePlan } from '../fakes/plans.ts'
import { fakeResult } from '../fakes/results.ts'

/** `reopen` = what the next process finds, after this one died without a word. */
export type RecordsUnderTest = AsyncDisposable & { readonly records: Records; readonly blobs: Blobs; reopen(): Promise<RecordsUnderTest> }

/** What every store of results promises. */
export function recordsContract(open: () => Promise<RecordsUnderTest>): void {
  const plan = fakePlan({ samples: 3 })
  const [first, second, third] = plan.batches[0]?.runs ?? []
  if (!first || !second || !third) throw new Error('the fake plan has three runs')

  test('gives back what was kept, also to the next process', async () => {
    await using store = await open()
    await store.records.begin(plan)
    expect(await store.records.results(plan.id)).toEqual([])
    const results = [await fakeResult(first, store.blobs), await fakeResult(second, store.blobs, 'tests-fail')]
    for (const result of results) await store.records.keep(plan.id, result)
    expect(await store.records.results(plan.id)).toEqual(results)
    await using next = await store.reopen()
    await next.records.begin(plan)
    expect(await next.records.results(plan.id)).toEqual(results)
  })

  test('takes results that come at the same time', async () => {
    await using store = await open()
    const many = fakePlan({ samples: 40 })
    await store.records.begin(many)
    const results = await Promise.all((many.batches[0]?.runs ?? []).map((run) => fakeResult(run, store.blobs)))
    await Promise.all(results.map((result) => store.records.keep(many.id, result)))
    await using next = await store.reopen()
    await next.records.begin(many)
    expect((await next.records.results(many.id)).map(({ run }) => run.id).toSorted()).toEqual(results.map(({ run }) => run.id).toSorted())
  })

  test('keeps a later attempt beside the first', async () => {
    await using store = await open()
    await store.records.begin(plan)
    const lost = await fakeResult(first, store.blobs, 'sandbox-lost')
    const again = await fakeResult({ ...first, id: `${first.id}~2`, attempt: 2 }, store.blobs)
    await store.records.keep(plan.id, lost)
    await store.records.keep(plan.id, again)
    await using next = await store.reopen()
    await next.records.begin(plan)
    expect(await next.records.results(plan.id)).toEqual([lost, again])
  })

  test('finds what can be used again, and only that', async () => {
    await using store = await open()
    await store.records.begin(plan)
    expect(await store.records.find(first.keys)).toEqual({})
    const done = await fakeResult(first, store.blobs)
    await store.records.keep(plan.id, done)
    await store.records.keep(plan.id, await fakeResult(second, store.blobs, 'sandbox-lost'))
    const judgeless = await fakeResult(third, store.blobs, 'judge-broken')
    await store.records.keep(plan.id, judgeless)
    expect(await store.records.find(first.keys)).toEqual({ record: done.record, grade: done.grade })
    expect(await store.records.find({ ...first.keys, grade: second.keys.grade })).toEqual({ record: done.record })
    expect(await store.records.find(second.keys)).toEqual({})
    expect(await store.records.find(third.keys)).toEqual({ record: judgeless.record })
  })

  test('refuses a plan that is not the one it holds', async () => {
    await using store = await open()
    await store.records.begin(plan)
    await store.records.keep(plan.id, await fakeResult(first, store.blobs))
    await expect(store.records.begin(fakePlan({ name: 'another' }))).rejects.toMatchObject({ code: 'usage_invalid' })
    await expect(store.records.keep(fakePlan({ name: 'another' }).id, await fakeResult(second, store.blobs))).rejects.toThrow()
    expect(await store.records.results(plan.id)).toHaveLength(1)
  })
}
