import type { WebWorld } from '../web/world.ts'

/** ms that a state may stand still before somebody looks; and after which it is given up for good. */
const patience = { still: 60_000, hopeless: 24 * 3_600_000, delivery: 3 * 24 * 3_600_000 }

/**
 * Whatever died, nothing stays as it was: deliveries that nobody took up, evaluations without a job, what is not on GitHub as the rows
 * have it, letters whose time has come.
 */
export async function reconcile({ store, log }: WebWorld, { stillMs = patience.still, now = Date.now() } = {}): Promise<void> {
  const since = new Date(now - stillMs)
  for (const { id: delivery, event, note } of await store.deliveries.giveUp(new Date(now - patience.delivery)))
    log.error({ delivery, event, note }, 'a delivery is given up')
  for (const { id } of await store.deliveries.open(since)) await store.queue.send('ingest', { delivery: id }, { singletonKey: id })
  for (const { id, state, askedAt, why } of await store.stuck.find(since)) {
    const isHopeless = askedAt.getTime() < now - patience.hopeless
    const done = isHopeless
      ? await store.evaluations.giveUp(id, `it could not be finished within a day${why ? ` (${why})` : ''}; Re-run tries it again`)
      : await store.stuck.requeue(id)
    log.warn({ evaluation: id, state, done }, isHopeless ? 'given up' : 'taken up again')
  }
  // Tried once each: what does not work then is found here again, when its time has come.
  for (const evaluation of await store.publications.due(since))
    await store.queue.send('publish', { evaluation }, { singletonKey: evaluation, retryLimit: 0 })
}
