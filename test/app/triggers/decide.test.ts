import { describe, expect, test } from 'vitest'
import type { Occasion } from '../../../app/events/intent.ts'
import { decide } from '../../../app/triggers/decide.ts'
import { ConfigFile, type TriggerFile } from '../../../runner/domain/config.ts'

const sha = 'a'.repeat(40)
const pull = (more: Partial<Extract<Occasion, { at: 'pull_request' }>> = {}): Occasion => ({
  at: 'pull_request',
  action: 'opened',
  pull: 1,
  author: { login: 'o', id: 1 },
  head: sha,
  headRef: 'x',
  headRepo: 1,
  base: sha,
  baseRef: 'main',
  isDraft: false,
  labels: [],
  group: 'pull:1',
  ...more,
})
const push = (branch: string): Occasion => ({ at: 'push', head: sha, branch, group: `push:${branch}` })
const tag = (name: string): Occasion => ({ at: 'tag', tag: name, isRelease: false, group: `tag:${name}` })
const queue: Occasion = { at: 'merge_group', head: sha, ref: 'q', base: sha, baseRef: 'main', group: 'queue:q' }
const all = { evaluate: { evals: [], agents: [] } }
const skipped = { skip: expect.any(String) }
const told = { ...skipped, told: true }
const config = (triggers: unknown): TriggerFile | undefined => ConfigFile.parse({ triggers }).triggers

describe('without a word about triggers', () => {
  test.each([
    ['a pull request', pull(), all],
    ['a draft', pull({ isDraft: true }), skipped],
    ['a draft that is ready', pull({ action: 'ready_for_review' }), all],
    ['a label', pull({ action: 'labeled', labels: ['x'] }), skipped],
    ['the default branch', push('main'), all],
    ['another branch', push('topic'), skipped],
    ['a merge queue', queue, all],
    ['a version of one agent', tag('triage@1.2.0'), { evaluate: { evals: [], agents: ['triage'] } }],
    ['a version of all', tag('v1.2.0'), all],
    ['a tag that is no version', tag('nightly'), skipped],
  ])('%s', (_, occasion, expected) => {
    expect(decide(occasion, undefined, 'main')).toEqual(expected)
  })
})

describe('as the configuration says', () => {
  test.each([
    ['off', { pull_request: false }, pull(), skipped],
    ['off', { push: false }, push('main'), skipped],
    ['off', { tag: false }, tag('v1.0.0'), skipped],
    ['off', { merge_queue: false }, queue, told],
    ['some evals', { pull_request: { evals: ['a'] } }, pull(), { evaluate: { evals: ['a'], agents: [] } }],
    ['some evals of a tag', { tag: { evals: ['a'] } }, tag('x@1'), { evaluate: { evals: ['a'], agents: ['x'] } }],
    ['base branches', { pull_request: { branches: ['release/*'] } }, pull({ baseRef: 'release/1' }), all],
    ['other base branches', { pull_request: { branches: ['release/*'] } }, pull(), told],
    ['a name that is no ASCII', { push: { branches: ['größe/*'] } }, push('größe/ä'), all],
    ['branches', { push: { branches: ['release/**', '!release/old'] } }, push('release/a/b'), all],
    ['branches but one', { push: { branches: ['release/**', '!release/old'] } }, push('release/old'), skipped],
    ['the default branch, unless it is named', { push: { branches: ['x'] } }, push('main'), skipped],
    ['a label that is there', { pull_request: { labels: ['go'] } }, pull({ labels: ['go'] }), all],
    ['a label that comes', { pull_request: { labels: ['go'] } }, pull({ action: 'labeled', labels: ['go', 'x'] }), all],
    ['a label that is not there', { pull_request: { labels: ['go'] } }, pull({ labels: ['x'] }), told],
    ['drafts', { pull_request: { drafts: true } }, pull({ isDraft: true }), all],
  ])('%s', (_, triggers, occasion, expected) => {
    expect(decide(occasion, config(triggers), 'main')).toEqual(expected)
  })
})
