import type { Plan } from '../../domain/plan.ts'
import { buildReport } from '../../report/build-report.ts'
import type { Publisher } from '../../seams/publisher.ts'
import type { FolderRecords } from './records.ts'

type Options = { readonly records: FolderRecords; readonly publisher: Publisher; readonly version: string; readonly everyMs?: number }

/**
 * Records that show what they have while runs finish: at most every `everyMs`, and never so often that writing the report takes
 * more than a twentieth of the time. A live report that cannot be written is let go: the last one says so.
 */
export function liveReports({ records, publisher, version, everyMs = 4000 }: Options): FolderRecords {
  let plan: Plan | undefined
  let timer: NodeJS.Timeout | undefined
  let going: Promise<void> = Promise.resolve()
  let pause = everyMs
  let isStale = false

  const show = async () => {
    if (!plan) return
    const start = performance.now()
    await publisher.publish(buildReport(plan, await records.results(plan.id), { version, now: new Date(), live: true }))
    pause = Math.max(everyMs, 20 * (performance.now() - start))
  }
  const later = () => {
    isStale = true
    timer ??= setTimeout(() => {
      isStale = false
      going = show()
        .catch(() => {})
        .finally(() => {
          timer = undefined
          if (plan && isStale) later() // what came meanwhile
        })
    }, pause).unref()
  }
  return {
    ...records,
    async begin(begun) {
      await records.begin(begun)
      plan = begun
    },
    async keep(id, result) {
      await records.keep(id, result)
      later()
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      plan = undefined
      await going
      await records[Symbol.asyncDispose]()
    },
  }
}
