import { createHmac, randomUUID } from 'node:crypto'
import { webhookSecret } from './app.ts'

export type Letter = {
  readonly event: string
  readonly body: unknown
  /** X-GitHub-Delivery. */
  readonly id?: string
  readonly secret?: string
  /** In the place of the right one; null: none. */
  readonly signature?: string | null
}

/** Hands a delivery to an App as GitHub would. Gives the answer's status and text. */
export async function deliver(url: string, letter: Letter): Promise<{ readonly status: number; readonly text: string }> {
  const { event, body, id = randomUUID(), secret = webhookSecret } = letter
  const text = JSON.stringify(body)
  const signed = `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`
  const signature = letter.signature === undefined ? signed : letter.signature
  const response = await fetch(`${url}/api/github/webhooks`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': id,
      ...(signature !== null && { 'x-hub-signature-256': signature }),
    },
    body: text,
  })
  return { status: response.status, text: await response.text() }
}
