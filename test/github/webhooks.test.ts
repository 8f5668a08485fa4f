import { createRequire } from 'node:module'
import { Octokit } from '@octokit/rest'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { idOf } from '../support/github/events.ts'
import { openHub } from '../support/github/hub.ts'
import { openTaker } from '../support/github/webhooks/taker.ts'
import type { Json } from '../support/github/world.ts'
import { there } from '../support/there.ts'

const require = createRequire(import.meta.url)
const secret = 'a secret of thirty-two letters!!'
const app = await openTaker()
const name = 'acme/agents'
const place = { owner: 'acme', repo: 'agents' }
const hub = await openHub()
const repo = await hub.repository(name)
const octocat = hub.asUser('octocat')
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await app[Symbol.asyncDispose]()
})

/** What was told since. */
async function heard(): Promise<readonly string[]> {
  await hub.delivered()
  return app.kinds()
}
const one = app.payload
beforeEach(app.forget)

let base = ''
beforeAll(async () => {
  base = await repo.commit({ 'agent.yaml': 'name: a\n' })
  await repo.push()
  hub.webhook(app.url, secret)
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
    app.forget()
    await repo.open({ head: 'better' })
    expect(await heard()).toEqual(['pull_request.opened'])
    app.forget()
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
    app.forget()
    repo.git('reset', '--quiet', '--hard', first)
    await repo.push()
    await hub.delivered()
    expect(one('push')).toMatchObject({ forced: true, before: second, after: first, commits: [] })
    app.forget()
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
    app.forget()
    await octocat.publish(name, { tag_name: 'v1.0.0', body: 'notes' })
    expect(await heard()).toEqual(['release.created', 'release.published', 'release.released'])
    expect(one('release', 'published')).toMatchObject({ release: { tag_name: 'v1.0.0', draft: false, author: { login: 'octocat' } } })
    app.forget()
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
    expect(app.taken.filter(({ payload }) => (payload.sender as Json).type === 'Bot')).toMatchObject([
      { payload: { sender: { login: 'proctor[bot]' } } },
    ])
  })

  test('check runs, their buttons, and Re-run', async () => {
    const ours = new Octokit({ baseUrl: hub.apiUrl, auth: await hub.installationToken('acme') }).rest
    const { data } = await ours.checks.create({ ...place, name: 'proctor', head_sha: base, external_id: 'a:1' })
    await ours.checks.update({ ...place, check_run_id: data.id, conclusion: 'failure' })
    expect(await heard()).toEqual(['check_run.completed', 'check_run.created'])
    app.forget()
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

test('every payload has what GitHub promises of its kind', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, inlineRefs: false, code: { optimize: false } })
  formats.default(ajv)
  // The schemas are some years old: newer fields, which GitHub sends today too, are none of their business.
  const open = JSON.parse(JSON.stringify(require('@octokit/webhooks-schemas')), (key, value) =>
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
