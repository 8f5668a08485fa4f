import type { ReportBatch } from '../../../domain/report.ts'
import { fence } from '../../neutral.ts'
import { plain } from '../../plain.ts'
import { rankedRuns } from '../ranking.ts'
import { shortSha } from './links.ts'

/** Commands that run what failed on the reader's own machine; undefined when nothing did. */
export function reproduceBlock(batches: readonly ReportBatch[], most: number): string | undefined {
  const commands = batches.flatMap((batch) => command(batch, batches) ?? []).slice(0, most)
  const [first] = batches
  return commands.length === 0 ? undefined : fence([`# at ${shortSha(first?.commit ?? '')}`, ...commands].join('\n'), 4000)
}

function command(batch: ReportBatch, batches: readonly ReportBatch[]): string | undefined {
  const samples = [
    ...new Set(
      rankedRuns(batch)
        .filter(({ run }) => run.verdict === 'fail')
        .map(({ run }) => run.sample),
    ),
  ]
    .filter(isTypeable)
    .slice(0, mostSamples)
  if (samples.length === 0 || !isTypeable(batch.eval)) return undefined
  const isAmbiguous = batches.some((other) => other !== batch && other.eval === batch.eval)
  if (isAmbiguous && !isTypeable(batch.agent)) return undefined
  return [
    'proctor run',
    ...(isAmbiguous ? [option('agent', batch.agent)] : []),
    option('eval', batch.eval),
    ...samples.map((sample) => option('sample', sample)),
  ].join(' ')
}
const mostSamples = 5

/** Ids are a dataset's: what a shell would take for its own is quoted, and what cannot be seen is not offered for copying at all. */
const option = (name: string, value: string) => `--${name}${value.startsWith('-') ? '=' : ' '}${quoted(value)}`
const quoted = (value: string) => (/^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`)
const isTypeable = (value: string) => value !== '' && value.length <= 100 && plain(value) === value && !/[\n\t]/.test(value)
