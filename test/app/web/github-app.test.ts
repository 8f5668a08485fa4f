import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLog } from '../../../app/log.ts'
import { type Delivery, openGitHubApp } from '../../../app/web/github-app.ts'
import { openServer } from '../../../app/web/server.ts'
import { type Hub, openHub } from '../../support/github/hub.ts'

const webhookSecret = '0f9d2c6b8a7e41d3b5c8e2f7a1946d30'
const webhookPath = '/api/github/webhooks'
const log = openLog({ level: 'silent', process: 'web' })
const closing = new AsyncDisposableStack()
let hub: Hub

beforeAll(async () => {
  hub = closing.use(await openHub())
})
afterAll(() => closing.disposeAsync())

async function open(take: (delivery: Delivery) => Promise<void>, { privateKey = hub.app.key, answerMs = 7000 } = {}) {
  const app = await openGitHubApp({
    settings: { appId: hub.app.id, privateKey, webhookSecret, apiUrl: hub.apiUrl, webhookPath },
    ...{ take, log, answerMs },
  })
  const web = await openServer({
    host: '127.0.0.1',
    port: 0,
    ready: async () => {},
    log: () => {},
    routes: { [webhookPath]: app.webhooks },
  })
  return { app, url: `${web.url}${webhookPath}`, [Symbol.asyncDispose]: () => web[Symbol.asyncDispose]() }
}
const sign = (body: string, secret = webhookSecret) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
const deliver = (url: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'star',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': sign(body),
      ...headers,
    },
  })

describe('a delivery', () => {
  test('that is signed is handed on as it was sent', async () => {
    const taken: Delivery[] = []
    await using github = await open(async (delivery) => void taken.push(delivery))
    const body = '{"action":"created",  "text":"ä 😀"}'
    expect((await deliver(github.url, body, { 'x-github-delivery': 'one' })).status).toBe(200)
    expect(taken).toEqual([{ id: 'one', event: 'star', payload: { action: 'created', text: 'ä 😀' }, body: Buffer.from(body) }])
  })

  test.each([
    ['the public default of Probot', { 'x-hub-signature-256': sign('{}', 'development') }],
    ['another secret', { 'x-hub-signature-256': sign('{}', 'x'.repeat(32)) }],
    ['another body', { 'x-hub-signature-256': sign('{"a":1}') }],
    ['no signature', { 'x-hub-signature-256': '' }],
    ['the old algorithm', { 'x-hub-signature-256': `sha1=${createHmac('sha1', webhookSecret).update('{}').digest('hex')}` }],
    ['nonsense', { 'x-hub-signature-256': 'sha256=zz' }],
  ])('that is signed with %s is refused, and nobody hears of it', async (_, headers) => {
    const taken: Delivery[] = []
    await using github = await open(async (delivery) => void taken.push(delivery))
    const answer = await deliver(github.url, '{}', headers)
    expect(answer.status).toBe(400)
    expect(await answer.text()).not.toContain(webhookSecret)
    expect(taken).toEqual([])
  })

  test.each([
    ['no GET', { method: 'GET' }, 404],
    ['another kind of body', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }, 415],
    ['no headers', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }, 400],
  ])('is a POST of JSON with its headers: %s', async (_, init, status) => {
    await using github = await open(async () => {})
    expect((await fetch(github.url, init)).status).toBe(status)
  })

  test('that could not be kept is answered so that GitHub shows it as failed, without a word of why', async () => {
    await using github = await open(() => Promise.reject(new Error('postgres://user:pass@db refused')))
    const answer = await deliver(github.url, '{}')
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('postgres')
  })

  test('that is not kept in time is answered so too, and not that it is being worked on', async () => {
    await using github = await open(() => new Promise(() => {}), { answerMs: 50 })
    expect((await deliver(github.url, '{}')).status).toBe(500)
  })

  test('that is no JSON is refused', async () => {
    await using github = await open(async () => {})
    expect((await deliver(github.url, 'not json')).status).toBe(400)
  })
})

const get = (name: string, token: string) => fetch(`${hub.apiUrl}/repos/acme/${name}`, { headers: { authorization: `Bearer ${token}` } })
const idOf = async (name: string) => {
  const { id } = (await (await get(name, hub.userToken('octocat'))).json()) as { id: number } // of GitHub's shape
  return id
}

describe('the key', () => {
  test('opens a token for one repository, and no other', async () => {
    await hub.repository('acme/keyed', { isPrivate: true })
    await hub.repository('acme/other', { isPrivate: true })
    await using github = await open(async () => {})
    const repo = await idOf('keyed')
    const [installation] = (await github.app.installations()).filter(({ account }) => account === 'acme')
    const { token, expiresAt } = await github.app.installationToken(installation?.id ?? 0, {
      repositories: [repo],
      permissions: { contents: 'read', metadata: 'read' },
    })
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 50 * 60_000)
    expect((await get('keyed', token)).status).toBe(200)
    expect((await get('other', token)).status).not.toBe(200)
    expect(await github.app.slug()).toBe(hub.app.slug)
  })

  test('shows what GitHub tried to deliver, and for what we have answered', async () => {
    await using github = await open(async () => {})
    await hub.repository('acme/told')
    hub.webhook(github.url, webhookSecret)
    hub.install('acme')
    await hub.delivered()
    hub.webhook('', '', [])
    const [{ guid, id } = { guid: '', id: 0 }] = hub.deliveries
    const listed = async () => (await github.app.deliveries(new Date(0))).map(({ deliveredAt: _, ...each }) => each)
    expect(await listed()).toEqual([{ id: guid, githubId: id, taken: true }])
    for (const code of [0, 202, 500]) {
      Object.assign(hub.deliveries[0] ?? {}, { code })
      expect(await listed()).toEqual([{ id: guid, githubId: id, taken: false }])
    }
    expect(await github.app.deliveries(new Date(Date.now() + 60_000))).toEqual([])
    expect(await github.app.redeliver(4711)).toBe(false)
  })

  test('shows an installation, with what it gives, and none that is not there', async () => {
    await using github = await open(async () => {})
    const [one] = await github.app.installations()
    expect(one).toMatchObject({ account: 'acme', accountType: 'Organization', isSuspended: false, permissions: { checks: 'write' } })
    expect(await github.app.installation(one?.id ?? 0)).toEqual(one)
    expect(await github.app.installation(4711)).toBeUndefined()
  })

  test('of another App opens nothing', async () => {
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    await using github = await open(async () => {}, { privateKey: key })
    await expect(github.app.slug()).rejects.toThrow()
  })
})
