import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ProctorError } from '../../domain/error.ts'
import type { Plan } from '../../domain/plan.ts'
import type { Publisher } from '../../seams/publisher.ts'
import type { Records } from '../../seams/records.ts'
import { type FolderBlobs, folderBlobs } from './blobs.ts'
import { liveReports } from './live-reports.ts'
import { lockFolder } from './lock.ts'
import { publishToAll } from './publish-to-all.ts'
import { folderPublisher } from './publisher.ts'
import { folderRecords } from './records.ts'
import { isSystemError, writing } from './write.ts'

/**
 * `live`: the report is refreshed while runs finish. `overwrite`: another plan's results give way. `alsoPublish`: where the report is shown
 * besides; `warn` hears when that fails.
 */
export type FolderOptions = {
  readonly out: string
  readonly version: string
  readonly live?: boolean
  readonly overwrite?: boolean
  readonly alsoPublish?: readonly Publisher[]
  readonly warn?: (text: string) => void
}
export type Folder = AsyncDisposable & {
  readonly records: Records
  readonly blobs: FolderBlobs
  readonly publisher: Publisher
  storedPlan(): Promise<Plan>
}

/**
 * An output folder as a store: records, blobs and the report, for one proctor at a time. Closing a folder that this call made
 * and no plan ever used removes it again. Throws `records_locked`, `records_unwritable`, and `usage_invalid` for a folder with
 * other people's files in it.
 */
export async function openFolder({
  out,
  version,
  live = false,
  overwrite = false,
  alsoPublish = [],
  warn = () => {},
}: FolderOptions): Promise<Folder> {
  const folder = resolve(out)
  const made = await writing(folder, () => mkdir(folder, { recursive: true }))
  await refuseStrangers(folder)
  const lock = await lockFolder(folder)
  const blobs = folderBlobs(folder)
  await blobs.sweep()
  const publisher = publishToAll({ first: folderPublisher(folder), others: alsoPublish, warn })
  const stored = folderRecords({ folder, blobs, overwrite })
  const records = live ? liveReports({ records: stored, publisher, version }) : stored
  return {
    records,
    blobs,
    publisher,
    storedPlan: () => records.storedPlan(),
    async [Symbol.asyncDispose]() {
      await records[Symbol.asyncDispose]()
      const unused = made !== undefined && !(await exists(resolve(folder, 'plan.json')))
      if (unused) await rm(resolve(folder, 'blobs'), { recursive: true, force: true })
      await lock[Symbol.asyncDispose]()
      if (unused) await removeEmpty(folder, dirname(made))
    },
  }
}

async function refuseStrangers(folder: string) {
  const names = await writing(folder, () => readdir(folder))
  const stranger = names.find((name) => !ours.has(name) && !name.startsWith('.'))
  if (stranger !== undefined && !names.includes('plan.json'))
    throw new ProctorError(
      'usage_invalid',
      `${folder} is not an output folder: it holds ${stranger}. Name a new or empty folder with --out`,
    )
}
const ours = new Set([
  'plan.json',
  'results.jsonl',
  'shard.json',
  'blobs',
  'runs',
  'report.json',
  'report.html',
  'summary.md',
  'junit.xml',
  'badges',
  'lock',
])

const exists = (path: string) => stat(path).then(Boolean, (error) => !isSystemError(error))

async function removeEmpty(folder: string, until: string) {
  for (let path = folder; path !== until; path = dirname(path)) {
    const gone = await rmdir(path).then(
      () => true,
      () => false,
    )
    if (!gone) return
  }
}
