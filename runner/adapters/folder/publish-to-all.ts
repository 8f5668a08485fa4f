import { toError } from '../../domain/error.ts'
import type { Publisher } from '../../seams/publisher.ts'

type Options = { readonly first: Publisher; readonly others: readonly Publisher[]; readonly warn: (text: string) => void }

/** Shows a report at several places at once. What fails at `first` is thrown when all were tried; another's failure is only said, for the results are stored. */
export function publishToAll({ first, others, warn }: Options): Publisher {
  return {
    async publish(report) {
      const shown = others.map(async (publisher) => {
        try {
          await publisher.publish(report)
        } catch (error) {
          warn(`the report could not be shown everywhere: ${toError(error).message}`)
        }
      })
      const [outcome] = await Promise.allSettled([first.publish(report), ...shown])
      if (outcome.status === 'rejected') throw outcome.reason
    },
  }
}
