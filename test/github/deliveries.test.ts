import { createHmac } from 'node:crypto'
import { Octokit } from '@octokit/rest'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openHub } from '../support/github/hub.ts'
import { openTaker } from '../support/github/webhooks/taker.ts'
import { there } from '../support/there.ts'

const secret = 'a secret of thirty-two letters!!'
const name = 'acme/agents'
const app = await openTaker()
const hub = await openHub()
const repo = await hub.repository(name)
await repo.commit({ 'a.txt': 'a' })
await repo.push()
repo.branch('better')
await repo.commit({ 'a.txt': 'b' })
await repo.push()
await repo.open({ head: 'better' })
const octocat = hub.asUser('octocat')
beforeEach(() => {
  app.forget()
  hub.webhook(app.url, secret)
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await app[Symbol.asyncDispose]()
})

test('a delivery is signed, has a name of its own, and can be had again under the same', async () => {
  app.answer(500)
  await octocat.createComment(name, 1, 'one ünï')
  await hub.delivered()
  const [first] = app.taken
  const sign = createHmac('sha256', secret).update(there(first).text).digest('hex')
  expect(first?.headers).toMatchObject({
    'x-hub-signature-256': `sha256=${sign}`,
    'x-github-delivery': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'x-github-hook-id': expect.stringMatching(/^\d+$/),
    'x-github-hook-installation-target-id': String(hub.app.id),
    'user-agent': expect.stringMatching(/^GitHub-Hookshot\//),
    'content-type': 'application/json',
  })
  const { rest } = new Octokit({ baseUrl: hub.apiUrl, auth: hub.appToken() })
  const { data: failed } = await rest.apps.listWebhookDeliveries({ per_page: 1, status: 'failure' })
  expect(failed).toMatchObject([
    { guid: first?.headers['x-github-delivery'], status_code: 500, redelivery: false, event: 'issue_comment', action: 'created' },
  ])
  app.answer(200)
  await rest.apps.redeliverWebhookDelivery({ delivery_id: there(failed[0]).id })
  await hub.delivered()
  expect(app.taken.map(({ text, headers }) => [text, headers['x-github-delivery']])).toEqual([
    [first?.text, first?.headers['x-github-delivery']],
    [first?.text, first?.headers['x-github-delivery']],
  ])
  const { data: all } = await rest.apps.listWebhookDeliveries({ per_page: 2 })
  expect(all.map(({ guid, redelivery }) => [guid, redelivery])).toEqual([
    [first?.headers['x-github-delivery'], true],
    [first?.headers['x-github-delivery'], false],
  ])
  const { data: full } = await rest.apps.getWebhookDelivery({ delivery_id: there(all[0]).id })
  expect(full).toMatchObject({ status: 'OK', request: { payload: { comment: { body: 'one ünï' } } }, response: { payload: 'thanks' } })
  const pages = await new Octokit({ baseUrl: hub.apiUrl, auth: hub.appToken() }).paginate(rest.apps.listWebhookDeliveries, {
    per_page: 5,
  })
  expect(pages.map(({ id }) => id)).toEqual(hub.deliveries.map(({ id }) => id).toReversed())
})

test('a delivery that nobody takes is on record all the same', async () => {
  hub.webhook('http://127.0.0.1:9/hook', secret)
  await octocat.createComment(name, 1, 'two')
  await hub.delivered()
  expect(hub.deliveries.at(-1)).toMatchObject({ code: 0, event: 'issue_comment' })
  hub.webhook(app.url, secret, ['push'])
  await octocat.createComment(name, 1, 'three')
  await hub.delivered()
  expect(app.kinds()).toEqual([])
})
