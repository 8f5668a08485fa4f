import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolder } from '../../runner/adapters/folder/folder.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import type { Result } from '../../runner/domain/result.ts'
import type { Blobs } from '../../runner/seams/records.ts'

export const testVersion = '0.0.0-test'

/** A place for output folders, gone at the end of its scope. */
export async function outputFolders() {
  const root = await mkdtemp(join(tmpdir(), 'proctor-folders-'))
  let count = 0
  const fresh = () => join(root, `out-${count++}`)
  return {
    root,
    fresh,
    /** An output folder that a proctor left behind, with what it kept. */
    async filled(plan: Plan, results: (blobs: Blobs) => Promise<readonly Result[]>): Promise<string> {
      const out = fresh()
      await using folder = await openFolder({ out, version: testVersion })
      await folder.records.begin(plan)
      for (const result of await results(folder.blobs)) await folder.records.keep(plan.id, result)
      return out
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}
