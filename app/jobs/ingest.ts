import { toError } from '../../runner/domain/error.ts'
import type { Intent } from '../events/intent.ts'
import { readEvent } from '../events/read-event.ts'
import { press, rerun } from '../intents/checked.ts'
import { comment } from '../intents/comment.ts'
import { evaluate } from '../intents/evaluate.ts'
import { isHopeless } from '../intents/hopeless.ts'
import { membership } from '../intents/membership.ts'
import { asItIs, endIfOver, withdrawn } from '../intents/present-pull.ts'
import { whereIs } from '../intents/where.ts'
import type { DeliveryState } from '../store/database/github-tables.ts'
import type { Delivery } from '../store/github/deliveries.ts'
import type { WebWorld } from '../web/world.ts'
import { tellOfRefusal } from './refused-delivery.ts'

type Outcome = { readonly state: Exclude<DeliveryState, 'received'>; readonly note: string }

/**
 * What a delivery asks for is done, and what became of it is written down. Done again after a crash, it changes nothing more. Throws what may
 * pass, to be tried again; what does not pass ends it as `failed`.
 */
export async function ingest(id: string, world: WebWorld, { attempt = 1 } = {}): Promise<void> {
  const { store, log } = world
  const delivery = await store.deliveries.find(id)
  if (delivery?.state !== 'received') return
  const intent = readEvent(delivery.event, delivery.body)
  const { state, note } = await carryOut(intent, delivery, world).catch((error: unknown) =>
    refused({ id, intent, error: toError(error), attempt }, world),
  )
  await store.deliveries.end(id, state, note)
  log[state === 'failed' ? 'error' : 'info']({ delivery: id, event: delivery.event, kind: intent.kind, state, note }, 'delivery')
}

type Failure = { readonly id: string; readonly intent: Intent; readonly error: Error; readonly attempt: number }

async function refused({ id, intent, error, attempt }: Failure, world: WebWorld): Promise<Outcome> {
  const { store, log } = world
  const why = error.message.slice(0, 1000)
  if (!isHopeless(error, attempt)) {
    await store.deliveries.stumbled(id, why)
    log.warn({ delivery: id, kind: intent.kind, attempt, error: why }, 'a delivery is tried again')
    throw error
  }
  await tellOfRefusal(intent, why, world)
  return { state: 'failed', note: why }
}

async function carryOut(told: Intent, delivery: Delivery, world: WebWorld): Promise<Outcome> {
  if (!('repo' in told)) return handled(told.kind === 'ignore' ? told.why : await membership(told, world), told)
  const repo = await whereIs(told.repo, world)
  if ('lost' in repo) return { state: 'failed', note: repo.lost }
  return handled(await atRepo({ ...told, repo }, delivery, world), told)
}

const handled = (note: string, { kind }: Intent): Outcome => ({ state: kind === 'ignore' ? 'ignored' : 'handled', note })

async function atRepo(intent: Extract<Intent, { repo: unknown }>, delivery: Delivery, world: WebWorld): Promise<string> {
  switch (intent.kind) {
    case 'evaluate':
      return examine(intent, delivery, world)
    case 'withdraw':
      return withdrawn(intent, world)
    case 'rerun':
      return rerun({ ...intent, delivery: delivery.id }, world)
    case 'button':
      return press({ ...intent, delivery: delivery.id }, world)
    case 'comment':
      return comment(intent, world)
  }
}

async function examine(told: Extract<Intent, { kind: 'evaluate' }>, delivery: Delivery, world: WebWorld): Promise<string> {
  const intent = await asItIs(told, world)
  if ('over' in intent) return intent.over
  const { repo, occasion, happenedAt = delivery.receivedAt } = intent
  const { evaluation, note } = await evaluate({ ...intent, delivery: delivery.id, happenedAt }, world)
  if (occasion.at === 'tag' && occasion.head !== undefined)
    await world.store.agents.sawTag(repo.id, { name: occasion.tag, commit: occasion.head })
  const over = evaluation === undefined ? undefined : await endIfOver(told, evaluation, world)
  return over === undefined ? note : `${note}: ${over}`
}
