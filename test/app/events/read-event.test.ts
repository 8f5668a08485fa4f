import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { events, readEvent } from '../../../app/events/read-event.ts'

type Example = { readonly name: string; readonly examples: readonly Readonly<Record<string, unknown>>[] }
/** GitHub's own examples of every event; most were recorded without an App. */
const examples: readonly Example[] = createRequire(import.meta.url)('@octokit/webhooks-examples')
const of = (name: string) =>
  (examples.find((example) => example.name === name)?.examples ?? []).map((body) => ({ installation: { id: 7 }, ...body }))

/** Of which there is no example. */
const unseen = ['merge_group', 'installation_target']
describe.each(Object.keys(events).filter((name) => !unseen.includes(name)))('%s', (name) => {
  test("GitHub's examples are all understood", () => {
    const intents = of(name).map((body) => readEvent(name, body))
    expect(intents.length).toBeGreaterThan(0)
    expect(intents.filter((intent) => intent.kind === 'ignore' && intent.why.startsWith('the body'))).toEqual([])
  })

  test('a body of another event is ignored, and says why', () => {
    const other = name === 'push' ? 'issue_comment' : 'push'
    for (const body of [...of(other), {}, null, [], 'x', { ...of(name)[0], installation: undefined, repository: 7 }])
      expect(readEvent(name, body)).toMatchObject({ kind: 'ignore', why: expect.stringMatching(/^the body is none of a/) })
  })
})

const repository = { id: 1, name: 'agents', owner: { login: 'acme' }, private: true, default_branch: 'main' }
const around = { repository, installation: { id: 7 }, sender: { login: 'octocat', id: 3, type: 'User' } }
const sha = 'a'.repeat(40)
const zeros = '0'.repeat(40)

describe('what is asked for', () => {
  const side = (ref: string, repo: number | null = 1) => ({ sha, ref, repo: repo === null ? null : { id: repo } })
  const pull = { number: 12, draft: false, user: around.sender, head: side('better'), base: side('main'), labels: [{ name: 'go' }] }
  const pulled = (action: string, more = {}) => readEvent('pull_request', { ...around, action, pull_request: { ...pull, ...more } })

  test.each(['opened', 'synchronize', 'reopened', 'ready_for_review', 'labeled'])('a pull request that is %s is examined', (action) => {
    expect(pulled(action)).toMatchObject({
      kind: 'evaluate',
      repo: { id: 1, owner: 'acme', name: 'agents', installation: 7, defaultBranch: 'main' },
      occasion: { at: 'pull_request', action, pull: 12, head: sha, headRepo: 1, baseRef: 'main', labels: ['go'], group: 'pull:12' },
    })
  })
  test.each(['closed', 'converted_to_draft'])('one that is %s is withdrawn', (action) => {
    expect(pulled(action)).toMatchObject({ kind: 'withdraw', pull: 12 })
  })
  test('a fork that is gone has no repository', () => {
    expect(pulled('opened', { head: side('x', null), user: null })).toMatchObject({
      occasion: { headRepo: undefined, author: { login: 'ghost' } },
    })
  })
  test('other actions are ignored', () => {
    expect(pulled('assigned')).toEqual({ kind: 'ignore', why: 'pull_request assigned' })
  })

  const pushed = (ref: string, more = {}) =>
    readEvent('push', { ...around, ref, after: sha, deleted: false, head_commit: { id: sha }, ...more })
  test('a push of a branch, of a tag, of nothing', () => {
    expect(pushed('refs/heads/a/b')).toMatchObject({ occasion: { at: 'push', branch: 'a/b', head: sha, group: 'push:a/b' } })
    const commit = 'b'.repeat(40)
    expect(pushed('refs/tags/v1', { head_commit: { id: commit } })).toMatchObject({ occasion: { at: 'tag', tag: 'v1', head: commit } })
    expect(pushed('refs/heads/x', { deleted: true, after: zeros })).toMatchObject({ kind: 'ignore' })
    expect(pushed('refs/heads/x', { after: zeros })).toMatchObject({ kind: 'ignore' })
    expect(pushed('refs/notes/x')).toMatchObject({ kind: 'ignore' })
  })

  test('a release counts once it is published', () => {
    const released = (action: string, draft = false) => readEvent('release', { ...around, action, release: { tag_name: 'v1', draft } })
    expect(released('published')).toMatchObject({ occasion: { at: 'tag', tag: 'v1', isRelease: true, group: 'tag:v1' } })
    for (const [action, draft] of [
      ['created', true],
      ['created', false],
      ['edited', false],
      ['published', true],
    ] as const)
      expect(released(action, draft)).toMatchObject({ kind: 'ignore' })
  })

  test('a merge queue asks', () => {
    const group = { head_sha: sha, head_ref: 'refs/heads/gh-readonly-queue/main/pr-1', base_sha: sha, base_ref: 'refs/heads/main' }
    expect(readEvent('merge_group', { ...around, action: 'checks_requested', merge_group: group })).toMatchObject({
      occasion: { at: 'merge_group', ref: 'gh-readonly-queue/main/pr-1', baseRef: 'main' },
    })
    expect(readEvent('merge_group', { ...around, action: 'destroyed', merge_group: group })).toMatchObject({ kind: 'ignore' })
  })

  test('buttons and Re-run name the check run', () => {
    const check_run = { head_sha: sha, name: 'proctor / a / b', external_id: 'proctor:x' }
    expect(readEvent('check_run', { ...around, action: 'rerequested', check_run })).toMatchObject({
      kind: 'rerun',
      of: { head: sha, externalId: 'proctor:x' },
    })
    expect(
      readEvent('check_run', { ...around, action: 'requested_action', check_run, requested_action: { identifier: 'rerun-failed' } }),
    ).toMatchObject({ kind: 'button', action: 'rerun-failed' })
    expect(readEvent('check_run', { ...around, action: 'completed', check_run })).toMatchObject({ kind: 'ignore' })
    expect(readEvent('check_suite', { ...around, action: 'rerequested', check_suite: { head_sha: sha } })).toMatchObject({ kind: 'rerun' })
  })

  const comment = {
    id: 5,
    html_url: 'https://github.com/acme/agents/pull/1#issuecomment-5',
    body: '/proctor help',
    user: around.sender,
    created_at: '2026-01-01T00:00:00Z',
  }
  const commented = (action: string, more = {}, issue: object = { number: 1, pull_request: {} }) =>
    readEvent('issue_comment', { ...around, action, issue, comment, ...more })
  test('a new comment of a person counts, no other', () => {
    expect(commented('created')).toMatchObject({ kind: 'comment', comment: { id: 5, pull: 1, body: '/proctor help' } })
    expect(commented('created', {}, { number: 1 })).toMatchObject({ kind: 'comment', comment: { pull: undefined } })
    expect(commented('edited')).toMatchObject({ kind: 'ignore' })
    expect(commented('deleted')).toMatchObject({ kind: 'ignore' })
    expect(commented('created', { comment: { ...comment, user: { login: 'x[bot]', id: 9, type: 'Bot' } } })).toMatchObject({
      kind: 'ignore',
    })
    expect(commented('created', { comment: { ...comment, user: { login: 'x[bot]', id: 9 } } })).toMatchObject({ kind: 'ignore' })
    expect(commented('created', { sender: { login: 'other', id: 4 } })).toMatchObject({ kind: 'ignore' })
  })

  test('an organisation lets us in, shuts us out, changes what we see', () => {
    const installation = { id: 7, account: { login: 'acme', id: 2, type: 'Organization' } }
    const change = (event: string, action: string) => readEvent(event, { action, installation, sender: around.sender })
    for (const [event, action] of [
      ['installation', 'created'],
      ['installation', 'deleted'],
      ['installation', 'suspend'],
      ['installation', 'unsuspend'],
      ['installation', 'new_permissions_accepted'],
      ['installation_repositories', 'added'],
      ['installation_repositories', 'removed'],
      ['installation_target', 'renamed'],
    ] as const)
      expect(change(event, action)).toEqual({ kind: 'membership', installation: 7 })
    expect(change('installation', 'admired')).toMatchObject({ kind: 'ignore' })
  })

  test('an unknown event, or one with the name of a method, is ignored', () => {
    for (const name of ['star', 'constructor', '__proto__', 'toString']) expect(readEvent(name, around)).toMatchObject({ kind: 'ignore' })
  })
})

test('app.yml subscribes to what is read, and to nothing else', () => {
  const app: unknown = parse(readFileSync(new URL('../../../app.yml', import.meta.url), 'utf8'))
  // installation events are always sent to Apps; subscribing to them is an error.
  const subscribed = Object.keys(events).filter((name) => !name.startsWith('installation'))
  expect(app).toMatchObject({ default_events: expect.arrayContaining(subscribed) })
  expect((app as { default_events: readonly string[] }).default_events).toHaveLength(subscribed.length) // its shape was just checked
})
