import { createHmac, randomUUID } from 'node:crypto'
import { idOf } from '../events.ts'
import type { Json } from '../world.ts'

/** Where an app wants to be told what happened. */
export type Hook = { readonly url: string; readonly secret: string; readonly events?: readonly string[] }
/** One attempt to tell it. Attempts of the same delivery have the same guid. */
export type Delivery = {
  readonly id: number
  readonly guid: string
  readonly deliveredAt: string
  readonly isAgain: boolean
  /** Seconds. */
  readonly duration: number
  /** 0 = there was no answer. */
  readonly code: number
  readonly event: string
  readonly action: string | null
  readonly installation: number | null
  readonly repository: number | null
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly payload: Json; readonly url: string }
  readonly response: { readonly headers: Readonly<Record<string, string>>; readonly payload: string }
}
export type Told = Pick<Delivery, 'event' | 'action' | 'installation' | 'repository'> & { readonly payload: Json }
export type Hooks = ReturnType<typeof openHooks>

/** An app's webhook: signed, each delivery with a name of its own, none repeated unless somebody asks. GitHub waits ten seconds. */
export function openHooks(app: { readonly id: number }, patienceMs = 10_000) {
  const deliveries: Delivery[] = []
  const under = new Set<Promise<void>>()
  const closing = new AbortController()
  let hook: Hook | undefined

  async function attempt(told: Told, { guid, isAgain }: Pick<Delivery, 'guid' | 'isAgain'>, to: Hook): Promise<void> {
    const text = JSON.stringify(told.payload)
    const sign = (algorithm: string) => `${algorithm}=${createHmac(algorithm, to.secret).update(text).digest('hex')}`
    const headers = {
      accept: '*/*',
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/5a7c1f3',
      'x-github-delivery': guid,
      'x-github-event': told.event,
      'x-github-hook-id': String(idOf(to.url)),
      'x-github-hook-installation-target-id': String(app.id),
      'x-github-hook-installation-target-type': 'integration',
      'x-hub-signature': sign('sha1'),
      'x-hub-signature-256': sign('sha256'),
    }
    const began = Date.now()
    const answer = await fetch(to.url, {
      method: 'POST',
      headers,
      body: text,
      signal: AbortSignal.any([AbortSignal.timeout(patienceMs), closing.signal]),
    }).then(
      async (response) => ({ code: response.status, headers: Object.fromEntries(response.headers), payload: await response.text() }),
      () => ({ code: 0, headers: {}, payload: '' }),
    )
    deliveries.push({
      ...told,
      id: deliveries.length + 1,
      guid,
      isAgain,
      deliveredAt: new Date(began).toISOString(),
      duration: (Date.now() - began) / 1000,
      code: answer.code,
      request: { headers, payload: told.payload, url: to.url },
      response: { headers: answer.headers, payload: answer.payload },
    })
  }

  function begin(told: Told, which: Pick<Delivery, 'guid' | 'isAgain'>): void {
    if (!hook || (hook.events && !hook.events.includes(told.event))) return
    const going: Promise<void> = attempt(told, which, hook).finally(() => under.delete(going))
    under.add(going)
  }

  return {
    deliveries: deliveries as readonly Delivery[],
    set: (to: Hook | undefined) => {
      hook = to
    },
    isSet: () => hook !== undefined,
    /** Once it is known what to say. */
    tell(coming: Promise<Told | undefined>): void {
      if (!hook) return
      const going: Promise<void> = coming
        .then((told) => told && begin(told, { guid: randomUUID(), isAgain: false }))
        .finally(() => under.delete(going))
      under.add(going)
    },
    /** The same again, with the same name. False when there was none. */
    again(id: number): boolean {
      const delivery = deliveries.find((one) => one.id === id)
      if (delivery) begin({ ...delivery, payload: delivery.request.payload }, { guid: delivery.guid, isAgain: true })
      return delivery !== undefined
    },
    /** Until nothing is on its way any more. */
    async settled(): Promise<void> {
      while (under.size > 0) await Promise.all(under)
    },
    async close(): Promise<void> {
      hook = undefined
      closing.abort()
      while (under.size > 0) await Promise.allSettled(under)
    },
  }
}
