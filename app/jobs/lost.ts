import { ProctorError } from '../../runner/domain/error.ts'
import { errorLine } from '../store/error-line.ts'
import type { Held } from '../store/queue.ts'
import type { WebWorld } from '../web/world.ts'

/** A job that was tried as often as it may be: its evaluation goes on without it, and says what is missing. */
export async function lost(
  { data, why }: Pick<Held<'lost'>, 'data' | 'why'>,
  { store, log }: Pick<WebWorld, 'store' | 'log'>,
): Promise<void> {
  const { evaluation, index } = data
  const error = errorLine(
    new ProctorError(
      'internal_error',
      `${index === undefined ? 'the plan' : `part ${index + 1} of the runs`} was tried too often: ${why ?? 'its worker was lost'}`,
    ),
  )
  const done = await store.chunks.lost({ evaluation, ...(index !== undefined && { index }), error })
  log.error({ evaluation, index, why, done }, 'a job was lost')
}
