import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFolder } from '../../../../runner/adapters/folder/folder.ts'
import { liveReports } from '../../../../runner/adapters/folder/live-reports.ts'
import { folderRecords } from '../../../../runner/adapters/folder/records.ts'
import type { Report } from '../../../../runner/domain/report.ts'
import { buildReport } from '../../../../runner/report/build-report.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakePlan } from '../../../fakes/plans.ts'
import { fakeReport } from '../../../fakes/reports.ts'
import { fakeResult } from '../../../fakes/results.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'proctor-publisher-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))
const version = '0.1.0'
const shown = async (out: string): Promise<Report> => JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))

describe('the publisher of a folder', () => {
  test('writes every file, report.json as it was given, and leaves no draft behind', async () => {
    const out = join(root, 'all')
    await using folder = await openFolder({ out, version })
    const { report } = await fakeReport(memoryBlobs())
    await folder.publisher.publish(report)
    await folder.publisher.publish(report)
    expect(await shown(out)).toEqual(report)
    expect((await readdir(out)).toSorted()).toEqual(['badges', 'junit.xml', 'lock', 'report.html', 'report.json', 'summary.md'])
    expect(await readdir(join(out, 'badges'))).toHaveLength(4)
  })

  test('drops what is older than what it has shown, also what another process has shown', async () => {
    const out = join(root, 'older')
    const { plan, results, report } = await fakeReport(memoryBlobs(), { samples: 5 })
    const part = buildReport(plan, results.slice(0, 3), { version, now: new Date(), live: true })
    const stopped = buildReport(plan, results.slice(0, 3), { version, now: new Date() })
    {
      await using folder = await openFolder({ out, version })
      await folder.publisher.publish(part)
      expect(await shown(out)).toMatchObject({ revision: 3, state: 'running' })
      await folder.publisher.publish(stopped)
      expect(await shown(out)).toMatchObject({ revision: 3, state: 'incomplete' })
      await folder.publisher.publish(part)
      expect(await shown(out)).toMatchObject({ revision: 3, state: 'incomplete' })
      await folder.publisher.publish(report)
    }
    await using folder = await openFolder({ out, version })
    await folder.publisher.publish(stopped)
    expect(await shown(out)).toMatchObject({ revision: 5, state: 'complete' })
  })

  test('shows another plan whatever its revision', async () => {
    const out = join(root, 'another')
    await using folder = await openFolder({ out, version })
    await folder.publisher.publish((await fakeReport(memoryBlobs())).report)
    const { report } = await fakeReport(memoryBlobs(), { samples: 2, name: 'another' })
    await folder.publisher.publish(report)
    expect(await shown(out)).toEqual(report)
  })
})

describe('live reports', () => {
  test('show what is done while the rest is running, seldom, and never after the end', async () => {
    const out = join(root, 'live')
    await using folder = await openFolder({ out, version })
    const plan = fakePlan({ samples: 30 })
    const published: Report[] = []
    const stored = folderRecords({ folder: out, blobs: folder.blobs, overwrite: false })
    const records = liveReports({
      records: stored,
      publisher: { publish: async (report) => void published.push(report) },
      version,
      everyMs: 100,
    })
    await records.begin(plan)
    const start = performance.now()
    for (const run of plan.batches[0]?.runs ?? []) {
      await records.keep(plan.id, await fakeResult(run, folder.blobs))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const took = performance.now() - start
    await records[Symbol.asyncDispose]()
    const count = published.length
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThanOrEqual(took / 100 + 1)
    expect(published[0]).toMatchObject({ state: 'running', conclusion: 'neutral' })
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(published.length).toBe(count)
  })

  test('a live report that cannot be written stops nothing', async () => {
    const out = join(root, 'broken')
    await using folder = await openFolder({ out, version })
    const plan = fakePlan({ samples: 2 })
    const stored = folderRecords({ folder: out, blobs: folder.blobs, overwrite: false })
    const publisher = { publish: () => Promise.reject(new Error('no')) }
    await using records = liveReports({ records: stored, publisher, version, everyMs: 1 })
    await records.begin(plan)
    for (const run of plan.batches[0]?.runs ?? []) {
      await records.keep(plan.id, await fakeResult(run, folder.blobs))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(await records.results(plan.id)).toHaveLength(2)
  })
})
