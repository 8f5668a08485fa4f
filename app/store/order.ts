import type { Selectable } from 'kysely'
import type { Evaluations } from './database/evaluation-tables.ts'

type Asked = Readonly<Pick<Selectable<Evaluations>, 'headSha' | 'request' | 'happenedAt'>>
type Other = Asked & Readonly<Pick<Selectable<Evaluations>, 'id' | 'state'>>
/** `later`: it comes too late, for this one is newer. `older`: what it takes the place of. `tied`: nobody can tell from the rows which is newer. */
export type Order<O> = { readonly later?: O; readonly older: readonly O[]; readonly tied: readonly O[] }

/**
 * What an evaluation means for the others with its key, such as `pull:12`. Of two commits the newer counts, in whatever order they were heard
 * of; GitHub's times are whole seconds, so two may be equal. Of one commit the wish that came last counts, unless it is a delivery that comes
 * late: looking at it once more is never too late, and what is shown beside the verdict is in nobody's way.
 */
export function orderOf<O extends Other>(asked: Asked, others: readonly O[]): Order<O> {
  const time = asked.happenedAt.getTime()
  const isOther = (one: O) => one.headSha !== asked.headSha
  const isBeside = (one: O) => one.request.aside === true || asked.request.aside === true
  const later = others.find((one) => one.happenedAt.getTime() > time && (isOther(one) || !(isBeside(one) || asked.request.rerun)))
  if (later) return { later, older: [], tied: [] }
  return {
    older: others.filter((one) => (isOther(one) ? one.happenedAt.getTime() < time : !isBeside(one))),
    tied: others.filter((one) => isOther(one) && one.happenedAt.getTime() === time && one.state !== 'cancelled'),
  }
}
