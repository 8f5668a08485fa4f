import { firstAttempt } from '../records.ts'
import { otherLines, readOutline } from './read.ts'

/**
 * How long samples took, in ms, by their ids: the mean of a sample's runs, summed up over the batches that have it. The first folder that
 * knows a sample counts. Whatever cannot be read is left out: this is only about an even load.
 */
export async function readDurations(folders: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const known = new Map<string, number>()
  for (const folder of folders)
    for (const [sample, ms] of await durationsIn(folder).catch(() => new Map<string, number>()))
      if (!known.has(sample)) known.set(sample, ms)
  return known
}

async function durationsIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const { runs } = await readOutline(folder)
  const batches = new Map<string, Map<number, number[]>>()
  for await (const read of otherLines(folder)) {
    if ('problem' in read) continue
    const run = runs.get(firstAttempt(read.line.run))
    const ms = read.line.record.timing.durationMs
    if (!run || ms < 0 || read.line.grade.verdict === 'unscored') continue
    const sample = batches.get(run.sample) ?? new Map<number, number[]>()
    batches.set(run.sample, sample.set(run.batch, [...(sample.get(run.batch) ?? []), ms]))
  }
  return new Map([...batches].map(([sample, times]) => [sample, [...times.values()].reduce((sum, all) => sum + mean(all), 0)]))
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
