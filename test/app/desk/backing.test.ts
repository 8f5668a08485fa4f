import { expect, test } from 'vitest'
import { backingOf } from '../../../app/desk/backing.ts'
import type { Desk } from '../../../app/desk/desk.ts'
import { sealingKey } from '../../../app/desk/seal.ts'
import { folderBlobs } from '../../../runner/adapters/preset.ts'
import type { Result } from '../../../runner/domain/result.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakePlan } from '../../fakes/plans.ts'
import { fakeResult } from '../../fakes/results.ts'
import { there } from '../../support/there.ts'

const plan = fakePlan()
const [run] = plan.batches.flatMap(({ runs }) => runs)
const claim = { job: 'job', fence: 0, kind: 'chunk', evaluation: 'evaluation', organisation: 'acme' } as const

async function recording() {
  const kept: Result[] = []
  const desk = { keep: async (_: unknown, result: Result) => kept.push(result) > 0 } as unknown as Desk // of which nothing else is asked
  const blobs = folderBlobs('/nowhere')
  const { records } = backingOf({ desk, claim, key: sealingKey(), allowed: false }, blobs)
  await records.begin(plan)
  return { records, kept }
}
const broken = async (code: string): Promise<Result> => {
  const result = await fakeResult(there(run), memoryBlobs(), 'sandbox-lost')
  return { ...result, grade: { ...result.grade, verdict: 'unscored', code } }
}

test.each(['engine_unreachable', 'engine_deadline'])('a run that had no engine (%s) is no result: its job goes back', async (code) => {
  const { records, kept } = await recording()
  await expect(records.keep(plan.id, await broken(code))).rejects.toThrow(expect.objectContaining({ code }))
  expect(kept).toEqual([])
})

test('a run that lost its sandbox is one', async () => {
  const { records, kept } = await recording()
  await records.keep(plan.id, await broken('sandbox_lost'))
  expect(kept).toHaveLength(1)
})
