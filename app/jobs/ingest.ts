import type { Intent } from '../events/intent.ts'
import { readEvent } from '../events/read-event.ts'
import { press, rerun } from '../intents/checked.ts'
import { comment } from '../intents/comment.ts'
import { evaluate } from '../intents/evaluate.ts'
import { membership } from '../intents/membership.ts'
import { withdraw } from '../intents/withdraw.ts'
import type { Delivery } from '../store/github/deliveries.ts'
import type { WebWorld } from '../web/world.ts'

/** What a delivery asks for is done, and what became of it is written down. Done again after a crash, it changes nothing more. */
export async function ingest(id: string, world: WebWorld): Promise<void> {
  const { store, log } = world
  const delivery = await store.deliveries.find(id)
  if (delivery?.state !== 'received') return
  const intent = readEvent(delivery.event, delivery.body)
  const note = await carryOut(intent, delivery, world)
  await store.deliveries.end(id, intent.kind === 'ignore' ? 'ignored' : 'handled', note)
  log.info({ delivery: id, event: delivery.event, kind: intent.kind, note }, 'delivery')
}

async function carryOut(intent: Intent, delivery: Delivery, world: WebWorld): Promise<string> {
  const { store } = world
  if ('repo' in intent) {
    const { id, owner, name, private: isPrivate, installation, defaultBranch } = intent.repo
    await know({ id: installation, owner }, world)
    await store.installations.saveRepos([
      { id, owner, name, private: isPrivate, installationId: installation, ...(defaultBranch !== undefined && { defaultBranch }) },
    ])
  }
  switch (intent.kind) {
    case 'evaluate': {
      const { happenedAt = delivery.receivedAt } = intent
      return (await evaluate({ ...intent, delivery: delivery.id, happenedAt }, world)).note
    }
    case 'withdraw':
      return `${await withdraw(intent.repo.id, intent.pull, intent.why, world)} evaluations ended: ${intent.why}`
    case 'rerun':
      return rerun({ ...intent, delivery: delivery.id }, world)
    case 'button':
      return press({ ...intent, delivery: delivery.id }, world)
    case 'comment':
      return comment(intent, world)
    case 'installed':
    case 'uninstalled':
    case 'suspended':
      return membership(intent, world)
    case 'ignore':
      return intent.why
  }
}

/** Deliveries come in any order: a push may be here before the installation is. */
async function know({ id, owner }: { readonly id: number; readonly owner: string }, { store }: Pick<WebWorld, 'store'>): Promise<void> {
  if (await store.installations.find(id)) return
  await store.installations.save({ id, account: owner, accountId: 0, accountType: 'Organization' })
}
