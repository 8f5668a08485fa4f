import type { Delivery } from '../webhooks/hooks.ts'
import { type Json, notFound, type Shim, type Shims } from '../world.ts'

/** What was told to the app's webhook, newest first, with a cursor; the emulator keeps no deliveries of apps. */
const list: Shim = ({ who, query, path }, { hooks, apiUrl }) => {
  if (who.kind !== 'app') return notFound()
  const size = Math.min(100, Number(query.get('per_page') ?? 30))
  const status = query.get('status')
  const isWanted = ({ code }: Delivery) => status === null || (status === 'success') === isGood(code)
  const before = query.get('cursor') ?? String(Number.MAX_SAFE_INTEGER)
  const left = hooks.deliveries.filter((delivery) => delivery.id < Number(before) && isWanted(delivery)).toReversed()
  const items = left.slice(0, size)
  const next = new URLSearchParams({ ...Object.fromEntries(query), cursor: String(items.at(-1)?.id) })
  const headers = left.length > size ? { link: `<${apiUrl}${path}?${next}>; rel="next"` } : {}
  return { status: 200, headers, body: items.map(shown) }
}

const one: Shim = ({ who, parameters }, { hooks }) => {
  const found = hooks.deliveries.find(({ id }) => id === Number(parameters.delivery_id))
  if (who.kind !== 'app' || !found) return notFound()
  const { request, response } = found
  return {
    status: 200,
    body: {
      ...shown(found),
      url: request.url,
      request: { headers: request.headers, payload: request.payload },
      response: { headers: response.headers, payload: response.payload },
    },
  }
}

const again: Shim = ({ who, parameters }, { hooks }) =>
  who.kind === 'app' && hooks.again(Number(parameters.delivery_id)) ? { status: 202, body: {} } : notFound()

export const deliveries: Shims = {
  'GET /app/hook/deliveries': list,
  'GET /app/hook/deliveries/{delivery_id}': one,
  'POST /app/hook/deliveries/{delivery_id}/attempts': again,
}

const isGood = (code: number): boolean => code >= 200 && code < 300

const shown = ({ id, guid, deliveredAt, isAgain, duration, code, event, action, installation, repository }: Delivery): Json => ({
  id,
  guid,
  delivered_at: deliveredAt,
  redelivery: isAgain,
  duration,
  status: isGood(code) ? 'OK' : code === 0 ? 'failed to connect to host' : `Invalid HTTP Response: ${code}`,
  status_code: code,
  event,
  action,
  installation_id: installation,
  repository_id: repository,
})
