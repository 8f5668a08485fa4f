import { describe, expect, test } from 'vitest'
import { GradeSchema, RunRecordSchema } from '../../../runner/domain/result-schema.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { digestOf, fakePlan } from '../../fakes/plans.ts'
import { fakeResult, type Story } from '../../fakes/results.ts'

const stories: readonly Story[] = [
  ...(['pass', 'tests-fail', 'judge-fails', 'time-limit', 'exception'] as const),
  ...(['judge-broken', 'sandbox-lost', 'setup-failed'] as const),
]
const [run] = fakePlan({ samples: 1 }).batches[0]?.runs ?? []
if (!run) throw new Error('the fake plan has a run')
const ref = { digest: digestOf('a file'), bytes: 6, name: 'a file' }

describe('results of another machine', () => {
  test.each(stories)('come through as they are: %s', async (story) => {
    const { record, grade } = await fakeResult(run, memoryBlobs(), story)
    const full = {
      ...record,
      ledger: ref,
      work: ref,
      calls: ref,
      usage: { ...record.usage, cacheReadTokens: 1, cacheWriteTokens: 2, calls: 3 },
    }
    expect(RunRecordSchema.parse(JSON.parse(JSON.stringify(full)))).toEqual(full)
    expect(GradeSchema.parse(JSON.parse(JSON.stringify(grade)))).toEqual(grade)
  })

  test.each<[string, (it: { record: object; grade: object }) => object]>([
    ['an ending that is none', ({ record }) => ({ ...record, ended: { as: 'won' } })],
    ['a code of another release', ({ record }) => ({ ...record, ended: { as: 'error', code: 'toString', message: '' } })],
    ['a digest that is a path', ({ record }) => ({ ...record, steps: { ...ref, digest: 'sha256:../../../../etc/passwd' } })],
    ['a digest that is too short', ({ record }) => ({ ...record, steps: { ...ref, digest: 'sha256:00' } })],
    ['fewer bytes than none', ({ record }) => ({ ...record, steps: { ...ref, bytes: -1 } })],
    ['a field that is none', ({ record }) => ({ ...record, verdict: 'pass' })],
    ['a verdict that is none', ({ grade }) => ({ ...grade, verdict: 'great' })],
    [
      'a score above all',
      ({ grade }) => ({
        ...grade,
        scores: [{ name: 'a', type: 'tests', required: true, status: 'PASS', score: 2, trust: 'black-box', evidence: '' }],
      }),
    ],
    ['a price below nothing', ({ grade }) => ({ ...grade, usage: { by: 'metered', inputTokens: 0, outputTokens: 0, costUsd: -5 } })],
  ])('are refused with %s', async (_, change) => {
    const { record, grade } = await fakeResult(run, memoryBlobs())
    const changed = JSON.parse(JSON.stringify(change({ record, grade })))
    expect([RunRecordSchema.safeParse(changed).success, GradeSchema.safeParse(changed).success]).toEqual([false, false])
  })
})
