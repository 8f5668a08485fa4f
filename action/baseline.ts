import { artifactNames, downloadOther } from './artifacts.ts'
import type { Job } from './job.ts'

/**
 * Folders with results that may be taken over: those of the default branch, which nobody but its own pushes can have made. `find`
 * compares keys, so a result of another agent, dataset or release is never taken for this one's.
 */
export async function earlierResults(job: Job): Promise<readonly string[]> {
  const { door, github, inputs, settings, occasion, log } = job
  const branch = occasion.defaultBranch
  if (inputs.all || inputs.baseline === 'none') return []
  try {
    const found = await door.earlierArtifacts(github, settings.repo, { name: artifactNames(inputs['check-name']).records, branch, most: 3 })
    const folders: string[] = []
    for (const { id, sha } of found) {
      folders.push(await downloadOther(job, id))
      log.say(`earlier results: those of ${sha.slice(0, 12)} on ${branch}`)
    }
    return folders
  } catch (error) {
    log.say(`no earlier results are used: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}
