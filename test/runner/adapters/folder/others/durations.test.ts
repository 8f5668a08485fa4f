import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readDurations } from '../../../../../runner/adapters/folder/others/durations.ts'
import type { Run } from '../../../../../runner/domain/plan.ts'
import type { Result } from '../../../../../runner/domain/result.ts'
import type { Blobs } from '../../../../../runner/seams/records.ts'
import { fakePlan } from '../../../../fakes/plans.ts'
import { fakeResult, type Story } from '../../../../fakes/results.ts'
import { outputFolders } from '../../../../support/output-folders.ts'

let folders: Awaited<ReturnType<typeof outputFolders>>
beforeAll(async () => {
  folders = await outputFolders()
})
afterAll(() => folders[Symbol.asyncDispose]())

const plan = fakePlan({ samples: 3, epochs: 2, evals: ['parser', 'writer'] })
const all = plan.batches.flatMap(({ runs }) => runs)
const [first = '', second = '', third = ''] = [...new Set(all.map(({ sample }) => sample.id))]

async function took(blobs: Blobs, run: Run, durationMs: number, story: Story = 'pass'): Promise<Result> {
  const result = await fakeResult(run, blobs, story)
  return { ...result, record: { ...result.record, timing: { ...result.record.timing, durationMs } } }
}
const runsOf = (sample: string, name: string) => all.filter((run) => run.sample.id === sample && run.eval === name)

test('a sample takes what its runs take on average; the first folder that knows it counts', async () => {
  const newer = await folders.filled(plan, (blobs) =>
    Promise.all([
      ...runsOf(first, 'parser').map((run, at) => took(blobs, run, 1000 + 2000 * at)),
      ...runsOf(first, 'writer').map((run) => took(blobs, run, 800)),
      ...runsOf(third, 'writer').map((run) => took(blobs, run, 7, 'sandbox-lost')),
    ]),
  )
  const older = await folders.filled(plan, (blobs) =>
    Promise.all([...runsOf(first, 'parser'), ...runsOf(second, 'parser')].map((run) => took(blobs, run, 9000))),
  )
  expect(await readDurations([newer, older])).toEqual(
    new Map([
      [first, 1400],
      [second, 9000],
    ]),
  )
})

test('what cannot be read is left out', async () => {
  const broken = await folders.filled(plan, (blobs) => Promise.all(runsOf(first, 'parser').map((run) => took(blobs, run, 1000))))
  const good = await folders.filled(plan, (blobs) => Promise.all(runsOf(second, 'parser').map((run) => took(blobs, run, 2000))))
  await writeFile(join(good, 'results.jsonl'), 'no JSON\n', { flag: 'a' })
  await rm(join(broken, 'plan.json'))
  expect(await readDurations([join(folders.root, 'nowhere'), broken, good])).toEqual(new Map([[second, 2000]]))
})
