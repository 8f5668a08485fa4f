import { toError } from '../../../domain/error.ts'
import type { Keys } from '../../../domain/plan.ts'
import type { Origin } from '../../../domain/result.ts'
import { isReusable } from '../../../lib/reusable.ts'
import type { Earlier } from '../../../seams/earlier.ts'
import type { FolderBlobs } from '../blobs.ts'
import { firstAttempt } from '../records.ts'
import type { Line } from '../results-log.ts'
import { blobsOf, otherLines, readLineAt, readOutline } from './read.ts'

/** `folders` = output folders that the door vouches for, the best first. `warn` hears of what cannot be used, once a folder and cause. */
type Options = { readonly folders: readonly string[]; readonly blobs: FolderBlobs; readonly warn: (text: string) => void }
/** Where a result lies that may be used. */
type Place = { readonly folder: string; readonly at: number; readonly bytes: number; readonly origin: Origin }

/**
 * Results of earlier plans, from their output folders. Only what was scored is found, and only with both keys; a damaged line, or a result
 * whose files are not what they are called, is as if it were not there. Nothing is read before the first question.
 */
export function folderEarlier({ folders, blobs, warn }: Options): Earlier {
  let known: Promise<ReadonlyMap<string, readonly Place[]>> | undefined
  const warned = new Set<string>()

  async function take({ folder, origin, ...place }: Place): ReturnType<Earlier['find']> {
    try {
      const { record, grade } = await readLineAt(folder, place)
      for (const ref of blobsOf(record)) await blobs.adopt(ref, folder)
      return { record, grade, origin }
    } catch (error) {
      const { code, message } = toError(error)
      if (code === 'records_unwritable') throw error
      if (!warned.has(folder)) warn(`not every earlier result in ${folder} is used: ${message}`)
      warned.add(folder)
      return undefined
    }
  }

  return {
    async find(keys) {
      known ??= gather(folders, warn)
      for (const place of (await known).get(nameOf(keys)) ?? []) {
        const found = await take(place)
        if (found) return found
      }
      return undefined
    },
  }
}

/** Only places are kept in memory: of thousands of results few may be asked for. */
async function gather(folders: readonly string[], warn: Options['warn']): Promise<ReadonlyMap<string, readonly Place[]>> {
  const places = new Map<string, Place[]>()
  for (const folder of folders) {
    try {
      const problems = await gatherOne(folder, (keys, place) => {
        const before = places.get(nameOf(keys))
        if (before) before.push(place)
        else places.set(nameOf(keys), [place])
      })
      if (problems.length > 0) warn(`${problems.length} of the earlier results in ${folder} are not used: ${problems[0]}`)
    } catch (error) {
      warn(`the earlier results in ${folder} are not used: ${toError(error).message}`)
    }
  }
  return places
}

async function gatherOne(folder: string, add: (keys: Keys, place: Place) => void): Promise<readonly string[]> {
  const { plan, runs } = await readOutline(folder)
  const problems: string[] = []
  for await (const read of otherLines(folder)) {
    const run = 'line' in read ? runs.get(firstAttempt(read.line.run)) : undefined
    if ('problem' in read) problems.push(read.problem.message)
    else if (!run) problems.push(`its plan has no run ${JSON.stringify(read.line.run)}`)
    else if (isUsable(read.line)) {
      const { line, at, bytes } = read
      add(line.keys, { folder, at, bytes, origin: line.reused ?? { plan, commit: run.commit } })
    }
  }
  return problems
}

const isUsable = ({ record, grade }: Line) => grade.verdict !== 'unscored' && isReusable(record.ended)
const nameOf = ({ run, grade }: Keys) => `${run} ${grade}`
