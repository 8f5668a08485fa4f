import { firstAttempt } from '../records.ts'
import { otherLines, readOutline } from './read.ts'

/**
 * How long a run of a sample took, in ms on average, by the sample's id. The first folder that knows a sample counts. Whatever cannot be
 * read is left out: this is only about an even load.
 */
export async function readDurations(folders: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const known = new Map<string, number>()
  for (const folder of folders)
    for (const [sample, ms] of await durationsIn(folder).catch(() => [])) if (!known.has(sample)) known.set(sample, ms)
  return known
}

async function durationsIn(folder: string): Promise<readonly (readonly [sample: string, ms: number])[]> {
  const { runs } = await readOutline(folder)
  const taken = new Map<string, { runs: number; ms: number }>()
  for await (const read of otherLines(folder)) {
    if ('problem' in read || read.line.grade.verdict === 'unscored') continue
    const run = runs.get(firstAttempt(read.line.run))
    const ms = read.line.record.timing.durationMs
    if (!run || ms < 0) continue
    const sum = taken.get(run.sample) ?? { runs: 0, ms: 0 }
    taken.set(run.sample, { runs: sum.runs + 1, ms: sum.ms + ms })
  }
  return [...taken].map(([sample, { runs, ms }]) => [sample, ms / runs])
}
