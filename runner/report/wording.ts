import type { Conclusion, Report, ReportBatch, ReportRun, Totals } from '../domain/report.ts'

/** Figures and phrases that every view of a report shares. */
/** Rounds down, so that no rate looks as if it reached a gate that it missed. */
export const percent = (share: number): string => `${Math.floor(share * 1000 + 1e-9) / 10}%`
export const money = (usd: number): string => (usd === 0 ? '$0' : usd < 0.01 ? '<$0.01' : `$${usd.toFixed(2)}`)
export const plural = (count: number, noun: string): string => `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** "18 of 20 pass" */
export const passLine = ({ pass, fail }: Totals): string => (pass + fail === 0 ? 'Nothing scored' : `${pass} of ${pass + fail} pass`)

/** "95% interval 69.8% to 97.3%"; empty when nothing was scored. */
export const intervalLine = ({ interval }: Pick<Totals, 'interval'>): string =>
  interval ? `95% interval ${percent(interval[0])} to ${percent(interval[1])}` : ''

export const conclusionWords: Record<Conclusion, string> = {
  success: 'Gate met',
  failure: 'Gate not met',
  neutral: 'No ruling',
  cancelled: 'Cancelled',
  action_required: 'Somebody must act',
}
export const stateWords: Record<Report['state'], string> = { running: 'Running', complete: 'Complete', incomplete: 'Incomplete' }

export const batchTitle = ({ agent, eval: name }: Pick<ReportBatch, 'agent' | 'eval'>): string => `${agent} / ${name}`
export const runTitle = ({ sample, side, epoch, attempt }: ReportRun, epochs: boolean): string =>
  [sample, ...(side === 'base' ? ['(base)'] : []), ...(epochs ? [`#${epoch}`] : []), ...(attempt > 1 ? [`attempt ${attempt}`] : [])].join(
    ' ',
  )

/** Failures first, then what could not be scored, then passes; as planned within each. */
export const bySeverity = <T>(entries: readonly T[], run: (entry: T) => ReportRun): T[] =>
  entries.toSorted((a, b) => severity[run(a).verdict] - severity[run(b).verdict])
const severity = { fail: 0, unscored: 1, pass: 2 } as const

export const hasEpochs = ({ runs }: ReportBatch): boolean => runs.some(({ epoch }) => epoch > 1)
