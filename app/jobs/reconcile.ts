import { toError } from '../../runner/domain/error.ts'
import type { WebWorld } from '../web/world.ts'

/** ms that a state may stand still before somebody looks; and after which it is given up for good. */
const patience = { still: 60_000, hopeless: 24 * 3_600_000, delivery: 3 * 24 * 3_600_000 }

/**
 * Whatever died, nothing stays as it was: deliveries that nobody took up, evaluations without a job, check runs that are open although
 * their evaluation has ended, letters whose time has come.
 */
export async function reconcile({ store, log }: WebWorld, { stillMs = patience.still, now = Date.now() } = {}): Promise<void> {
  const since = new Date(now - stillMs)
  for (const { id: delivery, event, note } of await store.deliveries.giveUp(new Date(now - patience.delivery)))
    log.error({ delivery, event, note }, 'a delivery is given up')
  // One whose job waits, for its next try too, gets no other.
  for (const { id } of await store.deliveries.open(since)) await store.queue.send('ingest', { delivery: id }, { singletonKey: id })
  for (const { id, state, createdAt } of await store.stuck.find(since)) {
    const isHopeless = createdAt.getTime() < now - patience.hopeless
    const done = isHopeless
      ? await store.evaluations.giveUp(id, 'it could not be finished within a day; Re-run tries it again')
      : await store.stuck.requeue(id)
    log.warn({ evaluation: id, state, done }, isHopeless ? 'given up' : 'taken up again')
  }
  const orphans = new Set((await store.checkRuns.orphans()).map(({ evaluationId }) => evaluationId))
  const letters = new Set((await store.outbox.due()).flatMap(({ evaluationId }) => evaluationId ?? []))
  for (const evaluation of new Set([...orphans, ...letters]))
    await store.queue.send('publish', { evaluation }, { singletonKey: evaluation })
}

/** Evaluations that go on show how far they are. One that cannot be shown now is shown the next time. */
export async function progress({ store, log }: WebWorld, shown: Map<string, number>): Promise<void> {
  const live = (await store.evaluations.live()).filter(({ state }) => state === 'running')
  for (const id of shown.keys()) if (!live.some((evaluation) => evaluation.id === id)) shown.delete(id)
  for (const { id } of live) {
    const { pass, fail, unscored } = await store.results.counts(id)
    const count = pass + fail + unscored
    if (shown.get(id) === count) continue
    shown.set(id, count)
    await store.queue
      .send('publish', { evaluation: id }, { singletonKey: id })
      .catch((error: unknown) => log.warn({ evaluation: id }, toError(error).message))
  }
}
