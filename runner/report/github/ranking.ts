import type { ReportBatch, ReportRun } from '../../domain/report.ts'

/** A run of the head side with what its base says: `regressed` and `fixed` are of its sample. `quarantined`: it did not pass, and need not. */
export type Ranked = { readonly run: ReportRun; readonly kind: 'regressed' | 'fail' | 'unscored' | 'quarantined' | 'fixed' | 'pass' }

/** Last attempts of the head side, by how much they matter: regressions, failures, what could not be scored, what was fixed, the rest. */
export function rankedRuns(batch: ReportBatch): readonly Ranked[] {
  const regressed = new Set(batch.comparison?.regressed)
  const fixed = new Set(batch.comparison?.fixed)
  const quarantined = new Set(batch.quarantined)
  return lastAttempts(batch.runs)
    .filter(({ side }) => side === 'head')
    .map((run): Ranked => {
      if (run.verdict !== 'pass' && quarantined.has(run.sample)) return { run, kind: 'quarantined' }
      if (run.verdict === 'fail') return { run, kind: regressed.has(run.sample) ? 'regressed' : 'fail' }
      return { run, kind: run.verdict === 'unscored' ? 'unscored' : fixed.has(run.sample) ? 'fixed' : 'pass' }
    })
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}
const order: readonly Ranked['kind'][] = ['regressed', 'fail', 'unscored', 'quarantined', 'fixed', 'pass']

export const isFailing = ({ kind }: Ranked): boolean => kind === 'regressed' || kind === 'fail' || kind === 'unscored'

export function lastAttempts(runs: readonly ReportRun[]): readonly ReportRun[] {
  const last = new Map<string, ReportRun>()
  for (const run of runs) {
    const key = run.id.replace(/~\d+$/, '')
    if ((last.get(key)?.attempt ?? 0) <= run.attempt) last.set(key, run)
  }
  return [...last.values()]
}
