import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFolder } from '../../../../runner/adapters/folder/folder.ts'
import { liveReports } from '../../../../runner/adapters/folder/live-reports.ts'
import { publishToAll } from '../../../../runner/adapters/folder/publish-to-all.ts'
import type { Report } from '../../../../runner/domain/report.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakePlan } from '../../../fakes/plans.ts'
import { fakeReport } from '../../../fakes/reports.ts'
import { fakeResult } from '../../../fakes/results.ts'
import { outputFolders, testVersion } from '../../../support/output-folders.ts'

let folders: Awaited<ReturnType<typeof outputFolders>>
beforeAll(async () => {
  folders = await outputFolders()
})
afterAll(() => folders[Symbol.asyncDispose]())

const failing = (message: string) => ({ publish: () => Promise.reject(new Error(message)) })
function listening() {
  const shown: Report[] = []
  return { shown, publish: async (report: Report) => void shown.push(report) }
}

test('one that fails stops neither the others nor the results', async () => {
  const { report } = await fakeReport(memoryBlobs())
  const [before, after] = [listening(), listening()]
  const warned: string[] = []
  const out = folders.fresh()
  await using folder = await openFolder({
    out,
    version: testVersion,
    alsoPublish: [before, failing('HTTP 502'), { publish: () => thrown() }, after],
    warn: (text) => warned.push(text),
  })
  await folder.publisher.publish(report)
  expect(JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(report)))
  expect([before.shown, after.shown]).toEqual([[report], [report]])
  expect(warned.toSorted()).toEqual([expect.stringContaining('HTTP 502'), expect.stringContaining('at once')])
})

test('the first one is the one that counts: its failure is thrown, once the others were tried', async () => {
  const { report } = await fakeReport(memoryBlobs())
  const other = listening()
  await expect(publishToAll({ first: failing('no room'), others: [other], warn: () => {} }).publish(report)).rejects.toThrow('no room')
  expect(other.shown).toEqual([report])
})

test('a slow one holds up nobody while runs finish; it gets the newest then, and the last one surely', async () => {
  const { report } = await fakeReport(memoryBlobs())
  const [first, shown] = [listening(), [] as number[]]
  const open = Promise.withResolvers<void>()
  const slow = { publish: (report: Report) => open.promise.then(() => void shown.push(report.revision)) }
  const all = publishToAll({ first, others: [slow], warn: () => {} })
  for (const revision of [1, 2, 3]) await all.publish({ ...report, state: 'running', revision })
  expect(first.shown.map(({ revision }) => revision)).toEqual([1, 2, 3])
  expect(shown).toEqual([])
  const last = all.publish({ ...report, revision: 4 })
  open.resolve()
  await last
  expect(shown).toEqual([1, 4])
})

test('what is shown while runs finish is shown everywhere', async () => {
  const plan = fakePlan({ samples: 3 })
  const other = listening()
  await using folder = await openFolder({ out: folders.fresh(), version: testVersion, alsoPublish: [failing('not now'), other] })
  await using records = liveReports({
    records: { ...folder.records, storedPlan: folder.storedPlan, [Symbol.asyncDispose]: async () => {} },
    publisher: folder.publisher,
    version: testVersion,
    everyMs: 1,
  })
  await records.begin(plan)
  for (const run of (plan.batches[0]?.runs ?? []).slice(0, 2)) await records.keep(plan.id, await fakeResult(run, folder.blobs))
  await expect.poll(() => other.shown.at(-1), { timeout: 30_000 }).toMatchObject({ state: 'running', revision: 2 })
})

function thrown(): Promise<void> {
  throw new Error('at once')
}
