import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { Octokit } from '@octokit/rest'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { idOf } from '../support/github/events.ts'
import { openHub } from '../support/github/hub.ts'
import { there } from '../support/there.ts'

type Json = Readonly<Record<string, unknown>>
type Taken = {
  readonly event: string
  readonly action: unknown
  readonly payload: Json
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}
const secret = 'a secret of thirty-two letters!!'
const taken: Taken[] = []
let status = 200
const app = createServer(async (request, response) => {
  const text = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()
  const payload: Json = JSON.parse(text)
  taken.push({ event: String(request.headers['x-github-event']), action: payload.action, payload, headers: request.headers, text })
  response.writeHead(status).end('thanks')
})
await new Promise<void>((ready) => app.listen(0, '127.0.0.1', ready))
const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}/hook`

const name = 'acme/agents'
const place = { owner: 'acme', repo: 'agents' }
const hub = await openHub()
const repo = await hub.repository(name)
const octocat = hub.asUser('octocat')
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  app.close()
})

/** What was told since, in short: pull_request.opened. */
async function heard(): Promise<readonly string[]> {
  await hub.delivered()
  return taken.map(({ event, action }) => (action === undefined ? event : `${event}.${action}`)).sort()
}
const one = (event: string, action?: string): Json => there(taken.find((each) => each.event === event && each.action === action)).payload
beforeEach(() => {
  taken.length = 0
})

let base = ''
beforeAll(async () => {
  base = await repo.commit({ 'agent.yaml': 'name: a\n' })
  await repo.push()
  hub.webhook(url, secret)
})

describe('what happens is told', () => {
  test('a push, of a new branch, of a known one, forced, and its end', async () => {
    repo.branch('better')
    const first = await repo.commit({ 'agent.yaml': 'name: b\n', 'new.txt': '' })
    await repo.push()
    expect(await heard()).toEqual(['create', 'push'])
    expect(one('push')).toMatchObject({
      ref: 'refs/heads/better',
      created: true,
      forced: false,
      after: first,
      head_commit: { id: first, modified: ['agent.yaml'], added: ['new.txt'] },
    })
    expect(one('create')).toMatchObject({ ref: 'better', ref_type: 'branch', master_branch: 'main' })
    taken.length = 0
    await repo.open({ head: 'better' })
    expect(await heard()).toEqual(['pull_request.opened'])
    taken.length = 0
    const second = await repo.commit({ 'agent.yaml': 'name: c\n' })
    await repo.push()
    expect(await heard()).toEqual(['pull_request.synchronize', 'push'])
    expect(one('pull_request', 'synchronize')).toMatchObject({
      number: 1,
      before: first,
      after: second,
      pull_request: { head: { sha: second, ref: 'better' }, base: { sha: base } },
    })
    expect(one('push')).toMatchObject({ created: false, forced: false, before: first, commits: [{ id: second }] })
    taken.length = 0
    repo.git('reset', '--quiet', '--hard', first)
    await repo.push()
    await hub.delivered()
    expect(one('push')).toMatchObject({ forced: true, before: second, after: first, commits: [] })
    taken.length = 0
    repo.branch('gone')
    await repo.push()
    await repo.remove('refs/heads/gone')
    expect(await heard()).toEqual(['create', 'delete', 'push', 'push'])
  })

  test('a tag and a release', async () => {
    await repo.tag('v1.0.0', { at: base, message: 'annotated' })
    expect(await heard()).toEqual(['create', 'push'])
    expect(one('create')).toMatchObject({ ref: 'v1.0.0', ref_type: 'tag' })
    expect(one('push')).toMatchObject({ ref: 'refs/tags/v1.0.0', head_commit: { id: base }, commits: [] })
    taken.length = 0
    await octocat.publish(name, { tag_name: 'v1.0.0', body: 'notes' })
    expect(await heard()).toEqual(['release.created', 'release.published', 'release.released'])
    expect(one('release', 'published')).toMatchObject({ release: { tag_name: 'v1.0.0', draft: false, author: { login: 'octocat' } } })
    taken.length = 0
    const draft = await octocat.publish(name, { tag_name: 'v2.0.0', draft: true })
    expect(await heard()).toEqual(['release.created'])
    const { rest } = new Octokit({ baseUrl: hub.apiUrl, auth: hub.userToken('octocat') })
    await rest.repos.updateRelease({ ...place, release_id: Number(draft.id), draft: false })
    await rest.repos.updateRelease({ ...place, release_id: Number(draft.id), body: 'more' })
    expect((await heard()).slice(1)).toEqual(['release.edited', 'release.published', 'release.released'])
  })

  test('a pull request that is closed, opened again, a draft no more, and labelled', async () => {
    await octocat.close(name, 1)
    await octocat.reopen(name, 1)
    await octocat.label(name, 1, 'run', 'hard')
    await octocat.label(name, 1, 'run')
    repo.branch('draft', 'main')
    await repo.commit({ 'x.txt': '' })
    await repo.push()
    const { number } = await repo.open({ head: 'draft', draft: true }, 'member')
    await octocat.ready(name, number)
    expect((await heard()).filter((what) => what.startsWith('pull'))).toEqual([
      'pull_request.closed',
      'pull_request.labeled',
      'pull_request.labeled',
      'pull_request.opened',
      'pull_request.ready_for_review',
      'pull_request.reopened',
    ])
    expect(one('pull_request', 'closed')).toMatchObject({ pull_request: { state: 'closed', merged: false }, sender: { login: 'octocat' } })
    expect(one('pull_request', 'opened')).toMatchObject({ number, pull_request: { draft: true, user: { login: 'member' } } })
    expect(one('pull_request', 'ready_for_review')).toMatchObject({ pull_request: { draft: false } })
    expect(one('pull_request', 'labeled')).toMatchObject({
      label: { name: 'run' },
      pull_request: { labels: [{ name: 'run' }, { name: 'hard' }] },
    })
  })

  test('comments, whoever writes them', async () => {
    const comment = await hub.asUser('stranger').createComment(name, 1, '/proctor run')
    await octocat.editComment(name, Number(comment.id), '/proctor help')
    await octocat.deleteComment(name, Number(comment.id))
    const ours = new Octokit({ baseUrl: hub.apiUrl, auth: await hub.installationToken('acme') }).rest
    await ours.issues.createComment({ ...place, issue_number: 1, body: 'ours' })
    expect(await heard()).toEqual(['issue_comment.created', 'issue_comment.created', 'issue_comment.deleted', 'issue_comment.edited'])
    expect(one('issue_comment', 'created')).toMatchObject({
      comment: { body: '/proctor run', author_association: 'NONE', user: { login: 'stranger' } },
      issue: { number: 1, pull_request: { url: `${hub.apiUrl}/repos/acme/agents/pulls/1` } },
      sender: { login: 'stranger', type: 'User' },
    })
    expect(one('issue_comment', 'edited')).toMatchObject({
      changes: { body: { from: '/proctor run' } },
      comment: { body: '/proctor help' },
    })
    expect(taken.filter(({ payload }) => (payload.sender as Json).type === 'Bot')).toMatchObject([
      { payload: { sender: { login: 'proctor[bot]' } } },
    ])
  })

  test('check runs, their buttons, and Re-run', async () => {
    const ours = new Octokit({ baseUrl: hub.apiUrl, auth: await hub.installationToken('acme') }).rest
    const { data } = await ours.checks.create({ ...place, name: 'proctor', head_sha: base, external_id: 'a:1' })
    await ours.checks.update({ ...place, check_run_id: data.id, conclusion: 'failure' })
    expect(await heard()).toEqual(['check_run.completed', 'check_run.created'])
    taken.length = 0
    await octocat.press(name, data.id, 'rerun-failed')
    await octocat.rerun(name, data.id)
    expect(await ours.checks.get({ ...place, check_run_id: data.id })).toMatchObject({ data: { status: 'queued', conclusion: null } })
    await octocat.rerunAll(name, base)
    expect(await heard()).toEqual(['check_run.requested_action', 'check_run.rerequested', 'check_suite.rerequested'])
    const run = { id: data.id, head_sha: base, external_id: 'a:1', app: { id: hub.app.id } }
    expect(one('check_run', 'requested_action')).toMatchObject({ requested_action: { identifier: 'rerun-failed' }, check_run: run })
    expect(one('check_suite', 'rerequested')).toMatchObject({ check_suite: { head_sha: base } })
  })

  test('a merge queue', async () => {
    const group = await repo.queue(1)
    expect(await heard()).toEqual(['create', 'merge_group.checks_requested', 'push'])
    expect(one('merge_group', 'checks_requested')).toMatchObject({
      merge_group: {
        head_sha: group.headSha,
        base_ref: 'refs/heads/main',
        head_ref: expect.stringMatching(/^refs\/heads\/gh-readonly-queue\/main\/pr-1-/),
      },
    })
  })

  test('an installation that comes and goes', async () => {
    const { rest } = new Octokit({ baseUrl: hub.apiUrl, auth: hub.appToken() })
    const id = idOf('proctor@acme')
    hub.uninstall('acme')
    await expect(rest.apps.createInstallationAccessToken({ installation_id: id })).rejects.toMatchObject({ status: 404 })
    await octocat.createComment(name, 1, 'nobody hears')
    hub.install('acme')
    await rest.apps.createInstallationAccessToken({ installation_id: id })
    expect(await heard()).toEqual(['installation.created', 'installation.deleted'])
    expect(one('installation', 'created')).toMatchObject({
      installation: { id, account: { login: 'acme' } },
      repositories: [{ id: idOf(name), full_name: name }],
    })
  })
})

describe('a delivery', () => {
  test('is signed, has a name of its own, and can be had again under the same', async () => {
    status = 500
    await octocat.createComment(name, 1, 'one ünï')
    await hub.delivered()
    const [first] = taken
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
    status = 200
    await rest.apps.redeliverWebhookDelivery({ delivery_id: there(failed[0]).id })
    await hub.delivered()
    expect(taken.map(({ text, headers }) => [text, headers['x-github-delivery']])).toEqual([
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

  test('that nobody takes is on record all the same', async () => {
    hub.webhook('http://127.0.0.1:9/hook', secret)
    await octocat.createComment(name, 1, 'two')
    await hub.delivered()
    expect(hub.deliveries.at(-1)).toMatchObject({ code: 0, event: 'issue_comment' })
    hub.webhook(url, secret, ['push'])
    await octocat.createComment(name, 1, 'three')
    expect(await heard()).toEqual([])
  })
})

test('every payload has what GitHub promises of its kind', () => {
  const ajv = new Ajv({ strict: false, allErrors: true })
  formats.default(ajv)
  // The schemas are some years old: newer fields, which GitHub sends today too, are none of their business.
  const open = JSON.parse(JSON.stringify(createRequire(import.meta.url)('@octokit/webhooks-schemas')), (key, value) =>
    key === 'additionalProperties' && value === false ? undefined : value,
  )
  ajv.addSchema(open, 'github')
  const wrong = hub.deliveries.flatMap(({ event, action, request }) => {
    const check = there(ajv.getSchema(`github#/definitions/${event}$${action ?? 'event'}`))
    if (check(request.payload)) return []
    return (check.errors ?? []).map(({ instancePath, message }) => `${event}.${action} ${instancePath} ${message}`)
  })
  expect([...new Set(wrong)]).toEqual([])
  expect(new Set(hub.deliveries.map(({ event }) => event))).toEqual(
    new Set([
      'push',
      'create',
      'delete',
      'pull_request',
      'release',
      'issue_comment',
      'check_run',
      'check_suite',
      'merge_group',
      'installation',
    ]),
  )
  expect(hub.violations).toEqual([])
  expect(hub.wrongAnswers).toEqual([])
})
