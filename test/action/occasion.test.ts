import { describe, expect, test } from 'vitest'
import { readOccasion } from '../../action/occasion.ts'

const head = 'a'.repeat(40)
const base = 'b'.repeat(40)
const repository = { full_name: 'acme/agents', default_branch: 'main' }
const told = (eventName: string, payload: object, more: object = {}) =>
  readOccasion({ eventName, payload: { repository, ...payload }, sha: 'c'.repeat(40), ref: 'refs/heads/main', actor: 'octocat', ...more })
const pull = (repo: string | null, login = 'octocat') => ({
  pull_request: {
    number: 7,
    head: { sha: head, ref: 'feature', repo: repo === null ? null : { full_name: repo } },
    base: { sha: base, ref: 'main', repo: { full_name: 'acme/agents' } },
    user: { login },
  },
})

describe('events', () => {
  test('a pull request of the repository itself', () => {
    expect(told('pull_request', pull('acme/agents'))).toMatchObject({
      kind: 'pull_request',
      head,
      base: { sha: base, ref: 'main' },
      pull: { number: 7, author: 'octocat' },
      trusted: true,
      defaultBranch: 'main',
    })
  })

  test.each([
    ['a fork', pull('stranger/agents'), {}],
    ['a fork that is gone', pull(null), {}],
    ['Dependabot', pull('acme/agents', 'dependabot[bot]'), {}],
    ['what Dependabot does to another', pull('acme/agents'), { actor: 'dependabot[bot]' }],
  ])('%s is not trusted', (_, payload, more) => {
    expect(told('pull_request', payload, more).trusted).toBe(false)
  })

  test('pull_request_target is refused: it has secrets and the code of strangers', () => {
    expect(() => told('pull_request_target', pull('acme/agents'))).toThrow(/pull_request_target/)
  })

  test('pushes of branches and tags', () => {
    expect(told('push', {})).toMatchObject({ kind: 'push', ref: 'main', trusted: true })
    expect(told('push', {}, { ref: 'refs/tags/triage@1.2.0' })).toMatchObject({ kind: 'tag', tag: 'triage@1.2.0' })
    expect(() => told('push', { deleted: true })).toThrow(/deleted/)
  })

  test('a published release; a draft is none', () => {
    const release = { tag_name: 'v1.0.0', draft: false }
    expect(told('release', { action: 'published', release })).toMatchObject({ kind: 'tag', tag: 'v1.0.0' })
    expect(() => told('release', { action: 'created', release })).toThrow(/created/)
    expect(() => told('release', { action: 'published', release: { ...release, draft: true } })).toThrow(/draft/)
  })

  test('a workflow run that is followed is never trusted', () => {
    expect(told('workflow_run', { workflow_run: { id: 5, head_sha: head } })).toMatchObject({
      kind: 'follow-up',
      follows: 5,
      trusted: false,
    })
  })

  test('others are refused by name', () => {
    expect(() => told('issues', {})).toThrow(/`issues`/)
  })
})
