import type { Report } from '../../../../runner/domain/report.ts'
import type { ReadText } from '../../../../runner/report/github/read.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakeReport, hostileText } from '../../../fakes/reports.ts'
import type { Story } from '../../../fakes/results.ts'
import { attacked } from './hostile-report.ts'

/** A report with the files that lie beside it; `asked` = what was read of them, in bytes. */
export type Told = { readonly report: Report; readonly read: ReadText; readonly asked: number[] }
type Shape = NonNullable<Parameters<typeof fakeReport>[1]>

export async function told(shape: Shape = {}): Promise<Told> {
  const blobs = memoryBlobs()
  const { report, results } = await fakeReport(blobs, shape)
  const diffs = new Map(results.map(({ run, record }) => [`runs/${run.id}/diff.patch`, record.turns.at(-1)?.diff?.text]))
  const asked: number[] = []
  const read: ReadText = async (path, bytes) => {
    const ref = diffs.get(path)
    if (!ref) return undefined
    const whole = blobs.bytes(ref)
    asked.push(Math.min(bytes, whole.length))
    return { text: whole.subarray(0, bytes).toString(), cut: whole.length > bytes }
  }
  return { report, read, asked }
}

/** Head and base in turn: one sample of each kind that there is. */
const mixed: readonly Story[] = [
  ...(['pass', 'pass', 'tests-fail', 'pass', 'pass', 'tests-fail', 'judge-fails', 'judge-fails', 'exception', 'pass'] as const),
  ...(['time-limit', 'time-limit', 'judge-broken', 'pass', 'sandbox-lost', 'pass', 'setup-failed', 'pass', 'pass', 'pass'] as const),
]
export const small = (): Promise<Told> => told({ samples: 10, base: true, stories: mixed, gate: { noRegressions: true } })

/** Two thousand samples, five megabytes of diffs. Made once. */
export const large = (): Promise<Told> => {
  largeOne ??= told({ samples: 2000, size: 9 })
  return largeOne
}
let largeOne: Promise<Told> | undefined

/** Every text of the small one tries everything at once; so do the diffs. */
export async function hostileOne(): Promise<Told> {
  const { report } = await small()
  const read: ReadText = async () => ({ text: `--- a/x\n+++ b/x\n@@ -1 +1 @@\n+${hostileText}\n`.repeat(20), cut: true })
  return { report: attacked(report, hostileText), read, asked: [] }
}
