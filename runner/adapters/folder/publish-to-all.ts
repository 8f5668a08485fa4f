import { toError } from '../../domain/error.ts'
import type { Report } from '../../domain/report.ts'
import type { Publisher } from '../../seams/publisher.ts'

type Warn = (text: string) => void
type Options = { readonly first: Publisher; readonly others: readonly Publisher[]; readonly warn: Warn }

/**
 * Shows a report at several places at once. What fails at `first` is thrown when all were tried; another's failure is only said, for the
 * results are stored. Nobody waits for the others while runs go on.
 */
export function publishToAll({ first, others, warn }: Options): Publisher {
  const behind = others.map((publisher) => unhurried(publisher, warn))
  return {
    async publish(report) {
      const [outcome] = await Promise.allSettled([first.publish(report), ...behind.map((publisher) => publisher.publish(report))])
      if (outcome.status === 'rejected') throw outcome.reason
    },
  }
}

/** While it shows one report, only the newest of those that come is kept; all but running ones are waited for. */
function unhurried(publisher: Publisher, warn: Warn): Publisher {
  let next: Report | undefined
  let going: Promise<void> | undefined

  const keepUp = async () => {
    while (next) {
      const report = next
      next = undefined
      try {
        await publisher.publish(report)
      } catch (error) {
        warn(`the report could not be shown everywhere: ${toError(error).message}`)
      }
    }
    going = undefined
  }
  return {
    async publish(report) {
      next = report
      going ??= keepUp()
      if (report.state !== 'running') await going
    },
  }
}
