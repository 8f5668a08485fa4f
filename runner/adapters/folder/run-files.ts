import { constants } from 'node:fs'
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlobRef } from '../../domain/blob.ts'
import type { RunRecord } from '../../domain/record.ts'
import { runFiles } from '../../report/run-files.ts'
import type { FolderBlobs } from './blobs.ts'
import { linkOr } from './link.ts'
import { writing } from './write.ts'

/** Lays a run's diff, trajectory, ledger and outputs where a person finds them: `runs/<id>/`. Links to the blobs, so they cost no space. */
export async function layRunFiles({
  folder,
  id,
  record,
  blobs,
}: {
  folder: string
  id: string
  record: RunRecord
  blobs: FolderBlobs
}): Promise<void> {
  const files = runFiles(id, record)
  await writing(join(folder, files.folder), async () => {
    await rm(join(folder, files.folder), { recursive: true, force: true })
    await mkdir(join(folder, files.folder), { recursive: true })
    await lay(files.trajectory, record.steps)
    if (files.diff) await lay(files.diff.path, files.diff.text)
    if (record.ledger) await lay(files.ledger, record.ledger)
    if (files.calls) await lay(files.calls.path, files.calls.ref)
    for (const { path, ref } of files.outputs) await lay(path, ref)
  })

  async function lay(path: string, ref: BlobRef) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true })
    await linkOr(blobs.path(ref), target, () => copyFile(blobs.path(ref), target, constants.COPYFILE_FICLONE))
  }
}
