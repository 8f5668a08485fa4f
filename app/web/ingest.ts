import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Log } from '../log.ts'
import type { Store } from '../store/open.ts'
import type { Delivery } from './github-app.ts'

const id = z.object({ id: z.number().int() })
/** What a delivery is looked up by; whether its body is one of its event is seen when it is carried out. */
const known = z.object({ action: z.string().max(100).optional(), installation: id.optional(), repository: id.optional() }).catch({})

/** Keeps a delivery, with the job that carries it out, before GitHub is answered. What was here before, by its id or by its content, is not kept twice. */
export async function keepDelivery(
  delivery: Delivery,
  { store, log }: { readonly store: Pick<Store, 'deliveries'>; readonly log: Log },
): Promise<void> {
  const { action, installation, repository } = known.parse(delivery.payload)
  const kept = await store.deliveries.receive({
    id: delivery.id,
    event: delivery.event,
    bodyDigest: `sha256:${createHash('sha256').update(delivery.body).digest('hex')}`,
    body: delivery.payload,
    ...(action !== undefined && { action }),
    ...(installation && { installationId: installation.id }),
    ...(repository && { repoId: repository.id }),
  })
  log.info({ delivery: delivery.id, event: delivery.event, action, kept }, 'received')
}
