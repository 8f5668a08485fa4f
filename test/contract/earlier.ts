import { expect, test } from 'vitest'
import type { Plan, Run } from '../../runner/domain/plan.ts'
import type { Result } from '../../runner/domain/result.ts'
import type { Earlier } from '../../runner/seams/earlier.ts'
import type { Blobs } from '../../runner/seams/records.ts'
import { digestOf, fakePlan } from '../fakes/plans.ts'
import { fakeResult } from '../fakes/results.ts'

/** `blobs` = those of the store that results are taken over into: none of the earlier ones' are in there at the beginning. */
type EarlierUnderTest = AsyncDisposable & { readonly earlier: Earlier; readonly blobs: Blobs }
/** Makes an earlier plan of what `results` says of it. */
export type OpenEarlier = (plan: Plan, results: (blobs: Blobs) => Promise<readonly Result[]>) => Promise<EarlierUnderTest>

/** What every store of earlier results promises. */
export function earlierContract(open: OpenEarlier): void {
  const plan = fakePlan({ samples: 4, name: 'earlier' })
  const [first, second, third, fourth] = plan.batches[0]?.runs ?? []
  if (!first || !second || !third || !fourth) throw new Error('the fake plan has four runs')
  const origin = { plan: plan.id, commit: plan.batches[0]?.commit }

  test('finds what was scored, says where it is from, and has brought its files', async () => {
    let kept: readonly Result[] = []
    await using under = await open(plan, async (blobs) => {
      kept = [await fakeResult(first, blobs), await fakeResult(second, blobs, 'tests-fail'), await fakeResult(third, blobs, 'exception')]
      return kept
    })
    for (const { run, record, grade } of kept) {
      expect(await under.earlier.find(run.keys)).toEqual({ record, grade, origin })
      for (const ref of [record.steps, ...record.outputs, ...record.turns.flatMap(({ diff }) => diff?.text ?? [])])
        await expect(Array.fromAsync(await under.blobs.get(ref))).resolves.toBeDefined()
    }
  })

  test('finds nothing with one key alone, nor with none', async () => {
    await using under = await open(plan, async (blobs) => [await fakeResult(first, blobs)])
    expect(await under.earlier.find(first.keys)).toBeDefined()
    expect(await under.earlier.find({ ...first.keys, grade: second.keys.grade })).toBeUndefined()
    expect(await under.earlier.find({ ...first.keys, run: second.keys.run })).toBeUndefined()
    expect(await under.earlier.find({ run: digestOf('else'), grade: digestOf('where') })).toBeUndefined()
  })

  test('never finds what was not scored', async () => {
    await using under = await open(plan, async (blobs) => [
      await fakeResult(first, blobs, 'sandbox-lost'),
      await fakeResult(second, blobs, 'judge-broken'),
      await fakeResult(third, blobs, 'setup-failed'),
    ])
    for (const run of [first, second, third]) expect(await under.earlier.find(run.keys)).toBeUndefined()
  })

  test('never finds what was stopped, whatever was made of it', async () => {
    await using under = await open(plan, async (blobs) => {
      const result = await fakeResult(first, blobs)
      return [{ ...result, record: { ...result.record, ended: { as: 'cancelled' } } }]
    })
    expect(await under.earlier.find(first.keys)).toBeUndefined()
  })

  test('finds the attempt that came to a verdict', async () => {
    const again: Run = { ...first, id: `${first.id}~2`, attempt: 2 }
    await using under = await open(plan, async (blobs) => [
      await fakeResult(first, blobs, 'sandbox-lost'),
      await fakeResult(again, blobs, 'tests-fail'),
    ])
    expect(await under.earlier.find(first.keys)).toMatchObject({ record: { run: again.id }, grade: { verdict: 'fail' }, origin })
  })

  test('says of what was taken over itself where it was run', async () => {
    const before = { plan: digestOf('the one before'), commit: 'c0ffee' }
    await using under = await open(plan, async (blobs) => [{ ...(await fakeResult(first, blobs)), reused: before }])
    expect(await under.earlier.find(first.keys)).toMatchObject({ origin: before })
  })
}
