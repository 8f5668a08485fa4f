import type { Report } from '../../runner/domain/report.ts'

/** A report without what may differ between two runs of the same: when, how long, under which number, and where. */
export const timeless = ({ batches, totals, conclusion }: Report) => ({
  conclusion,
  totals,
  batches: batches.map(({ runs, ...batch }) => ({
    ...batch,
    runs: runs.map(({ duration_ms: _, ...run }) => run),
  })),
})
